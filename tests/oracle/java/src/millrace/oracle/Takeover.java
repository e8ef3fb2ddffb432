// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;

/**
 * A real application on a real Kafka. It processes all records in its input topics and ends. Millrace continues this application,
 * or this application continues that of Millrace. The counterpart is tests/integration/takeover/takeover_test.cpp.
 */
final class Takeover {
    private static final List<String> INPUTS = List.of("events", "others", "left", "right");

    /** Arguments: bootstrap servers, application id, prefix of the topics, state directory, processing guarantee. */
    static void run(final String bootstrap, final String application, final String prefix, final String directory,
                    final String guarantee) throws Exception {
        final Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, directory);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee);
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        settings.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, 1000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 6000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 500);

        final AtomicReference<Throwable> failure = new AtomicReference<>();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
             KafkaStreams streams = new KafkaStreams(topology(prefix), settings)) {
            streams.setUncaughtExceptionHandler(error -> {
                failure.set(error);
                return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
            });
            streams.start();
            while (failure.get() == null && !isDone(admin, application, prefix)) Thread.sleep(100);
            streams.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                .withTimeout(Duration.ofSeconds(30)));
            if (failure.get() != null) throw new IllegalStateException(failure.get());
            // The group accepts members with another protocol only after the last of these members has left.
            while (!admin.describeConsumerGroups(List.of(application)).all().get().get(application).members().isEmpty()) {
                Thread.sleep(100);
            }
        }
    }

    private static boolean isDone(final Admin admin, final String application, final String prefix) throws Exception {
        final Map<TopicPartition, OffsetAndMetadata> committed =
            admin.listConsumerGroupOffsets(application).partitionsToOffsetAndMetadata().get();
        final Map<TopicPartition, OffsetSpec> asked = admin.describeTopics(INPUTS.stream().map(t -> prefix + t).toList())
            .allTopicNames().get().values().stream()
            .flatMap(topic -> topic.partitions().stream().map(p -> new TopicPartition(topic.name(), p.partition())))
            .collect(Collectors.toMap(p -> p, p -> OffsetSpec.latest()));
        return admin.listOffsets(asked).all().get().entrySet().stream().allMatch(end -> {
            final OffsetAndMetadata here = committed.get(end.getKey());
            return end.getValue().offset() == 0 || here != null && here.offset() >= end.getValue().offset();
        });
    }

    private static Topology topology(final String prefix) {
        final StreamsBuilder builder = new StreamsBuilder();
        final KStream<String, String> events = builder.stream(prefix + "events");
        final KStream<String, String> others = builder.stream(prefix + "others");

        events.groupByKey().count(Materialized.as("counts"))
            .toStream().to(prefix + "counts", Produced.with(Serdes.String(), Serdes.Long()));
        events.groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(20)))
            .count(Materialized.as("windows"))
            .toStream((key, count) -> key.key() + "@" + key.window().start())
            .to(prefix + "windows", Produced.with(Serdes.String(), Serdes.Long()));
        events.groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(3), Duration.ofSeconds(20)))
            .count(Materialized.as("sessions"))
            .toStream((key, count) -> key.key() + "@" + key.window().start() + "-" + key.window().end())
            .to(prefix + "sessions", Produced.with(Serdes.String(), Serdes.Long()));
        events.join(others, (left, right) -> left + "+" + right,
                JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(5), Duration.ofSeconds(20)),
                StreamJoined.<String, String, String>as("meet").withStoreName("meet"))
            .to(prefix + "joined");
        builder.<String, String>table(prefix + "left", Materialized.as("left"))
            .outerJoin(builder.<String, String>table(prefix + "right", Materialized.as("right")),
                (left, right) -> left + "|" + right)
            .toStream().to(prefix + "tables");
        return builder.build();
    }

    private Takeover() {}
}
