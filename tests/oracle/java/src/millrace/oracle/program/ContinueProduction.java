// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import static org.apache.kafka.streams.errors.internals.ExceptionHandlerUtils.maybeBuildDeadLetterQueueRecords;

import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.ProductionExceptionHandler;

/** Continues after production errors. Kafka Streams has such handlers only for other errors. */
public final class ContinueProduction implements ProductionExceptionHandler {
    private String deadLetters;

    @Override
    public void configure(final Map<String, ?> configs) {
        final Object topic = configs.get(StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG);
        if (topic != null) deadLetters = topic.toString();
    }

    private Response resume(final ErrorHandlerContext context, final Exception exception) {
        return Response.resume(maybeBuildDeadLetterQueueRecords(
            deadLetters, context.sourceRawKey(), context.sourceRawValue(), context, exception));
    }

    @Override
    public Response handleError(final ErrorHandlerContext context, final ProducerRecord<byte[], byte[]> record,
                                final Exception exception) {
        return resume(context, exception);
    }

    @Override
    @SuppressWarnings("rawtypes")
    public Response handleSerializationError(final ErrorHandlerContext context, final ProducerRecord record,
                                             final Exception exception, final SerializationExceptionOrigin origin) {
        return resume(context, exception);
    }
}
