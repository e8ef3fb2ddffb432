// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;

/** Processors without a store. They test the context, keys and headers. */
final class ContextProcessors {
    /** Null if the function is not one of this file. */
    static ProcessorSupplier<Object, Object, Object, Object> processor(final String function) {
        final String name = function.split(":")[0];
        final String argument = function.substring(Math.min(function.length(), name.length() + 1));
        return switch (name) {
            case "change" -> simple((context, record) -> context.forward(
                record.withKey(Functions.keySelector("first_of_value:1").apply(null, record.value()))
                    .withValue(shown(record.headers())).withHeaders(changed(record.headers(), argument))));
            case "metadata" -> simple((context, record) -> {
                context.commit();
                context.forward(record.withValue(metadata(context, record.timestamp())));
            });
            case "punctuate" -> () -> new Punctuating(Duration.ofMillis(Long.parseLong(argument)), false);
            case "punctuate_from" -> () -> new Punctuating(Duration.ofMillis(Long.parseLong(argument)), true);
            default -> null;
        };
    }

    /** Null if the function is not one of this file. */
    static FixedKeyProcessorSupplier<Object, Object, Object> valueProcessor(final String function) {
        final String name = function.split(":")[0];
        final String argument = function.substring(Math.min(function.length(), name.length() + 1));
        return switch (name) {
            case "headers" -> simpleValue((context, record) -> context.forward(
                record.withValue(shown(record.headers())).withHeaders(changed(record.headers(), argument))));
            case "metadata" -> simpleValue((context, record) ->
                context.forward(record.withValue(metadata(context, record.timestamp()))));
            case "route" -> simpleValue((context, record) -> {
                if (Functions.text(record.value()).length() > 2) {
                    context.forward(record, argument);
                } else {
                    context.forward(record);
                }
            });
            case "last_until_stream_time" -> () -> new Last(Duration.ofMillis(Long.parseLong(argument)));
            default -> null;
        };
    }

    private interface Step {
        void process(ProcessorContext<Object, Object> context, Record<Object, Object> record);
    }

    private static ProcessorSupplier<Object, Object, Object, Object> simple(final Step step) {
        return () -> new ContextualProcessor<>() {
            @Override
            public void process(final Record<Object, Object> record) {
                step.process(context(), record);
            }
        };
    }

    private interface ValueStep {
        void process(FixedKeyProcessorContext<Object, Object> context, FixedKeyRecord<Object, Object> record);
    }

    private static FixedKeyProcessorSupplier<Object, Object, Object> simpleValue(final ValueStep step) {
        return () -> new ContextualFixedKeyProcessor<>() {
            @Override
            public void process(final FixedKeyRecord<Object, Object> record) {
                step.process(context(), record);
            }
        };
    }

    /** The headers without "h", and with the argument as header "p". */
    private static Headers changed(final Headers headers, final String argument) {
        final Headers result = new RecordHeaders(headers);
        result.remove("h");
        result.add("p", argument.getBytes(StandardCharsets.UTF_8));
        return result;
    }

    private static String shown(final Headers headers) {
        final StringBuilder text = new StringBuilder();
        for (final Header header : headers) {
            text.append(header.key()).append('=')
                .append(header.value() == null ? "null" : HexFormat.of().formatHex(header.value())).append(' ');
        }
        return text.toString();
    }

    private static String metadata(final ProcessingContext context, final long timestamp) {
        // A punctuation has no record. Kafka Streams then returns metadata without a topic.
        final String where = context.recordMetadata().filter(one -> one.topic() != null)
            .map(one -> one.topic() + "-" + one.partition() + "@" + one.offset()).orElse("none");
        return where + " t=" + timestamp + " s=" + context.currentStreamTimeMs() + " w="
            + context.currentSystemTimeMs();
    }

    /**
     * Punctuations of one interval that forward their number and what their context tells. At first there are two by
     * stream time and one by wall clock. A record cancels the oldest punctuation if its value contains x, adds one by
     * stream time for y, and adds one by wall clock for b. Punctuation number 1 adds another one when it first runs.
     * On request, each punctuation has its own start time: near time 0 or the first clock time at first, later near the
     * time of the record or of the clock.
     */
    private static final class Punctuating extends ContextualProcessor<Object, Object, Object, Object> {
        private static final int MOST = 8;
        private static final long CLOCK_AT_FIRST = 1_000_000;
        private final Duration interval;
        private final boolean fromTimes;
        private final List<Cancellable> running = new ArrayList<>();
        private int cancelled;

        Punctuating(final Duration interval, final boolean fromTimes) {
            this.interval = interval;
            this.fromTimes = fromTimes;
        }

        @Override
        public void init(final ProcessorContext<Object, Object> context) {
            super.init(context);
            start(PunctuationType.STREAM_TIME, 7);
            start(PunctuationType.STREAM_TIME, 110);
            start(PunctuationType.WALL_CLOCK_TIME, CLOCK_AT_FIRST + 12);
        }

        private void start(final PunctuationType type, final long at) {
            if (running.size() == MOST) return;
            final int number = running.size();
            running.add(fromTimes
                ? context().schedule(Instant.ofEpochMilli(at), interval, type, time -> punctuate(number, time))
                : context().schedule(interval, type, time -> punctuate(number, time)));
        }

        private void punctuate(final int number, final long time) {
            if (number == 1 && running.size() == 3) start(PunctuationType.STREAM_TIME, time + 3);
            context().forward(new Record<>("p" + number, time + " " + metadata(context(), time), time));
        }

        @Override
        public void process(final Record<Object, Object> record) {
            final String text = Functions.text(record.value());
            if (text.contains("x") && cancelled < running.size()) running.get(cancelled++).cancel();
            if (text.contains("y")) start(PunctuationType.STREAM_TIME, record.timestamp() + 5);
            if (text.contains("b")) start(PunctuationType.WALL_CLOCK_TIME, context().currentSystemTimeMs() - 3);
            context().forward(record);
        }
    }

    /** Forwards each record, and forwards the last record again at each punctuation. */
    private static final class Last extends ContextualFixedKeyProcessor<Object, Object, Object> {
        private final Duration interval;
        private FixedKeyRecord<Object, Object> last;

        Last(final Duration interval) {
            this.interval = interval;
        }

        @Override
        public void init(final FixedKeyProcessorContext<Object, Object> context) {
            super.init(context);
            context.schedule(interval, PunctuationType.STREAM_TIME, time -> {
                if (last != null) context().forward(last.withValue("again at " + time));
            });
        }

        @Override
        public void process(final FixedKeyRecord<Object, Object> record) {
            last = record;
            context().forward(record);
        }
    }

    private ContextProcessors() {}
}
