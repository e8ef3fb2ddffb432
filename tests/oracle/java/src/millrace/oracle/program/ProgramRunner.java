// SPDX-License-Identifier: Apache-2.0
package millrace.oracle.program;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.AggregationWithHeaders;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.SessionStoreWithHeaders;
import org.apache.kafka.streams.state.TimestampedWindowStore;
import org.apache.kafka.streams.state.TimestampedWindowStoreWithHeaders;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.ValueTimestampHeaders;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.test.TestRecord;

/** Runs a program (tests/oracle/README.md) and answers in JSON lines: description, records, stores. */
public final class ProgramRunner {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HexFormat HEX = HexFormat.of();

    public static void run(final String program) throws IOException {
        final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        new ProgramRunner(out).answer(program);
        out.flush();
    }

    /** Runs every NAME.json of a directory and writes the answers into one file, each after a line with the NAME. */
    public static void writeAll(final Path programs, final Path file) throws IOException {
        try (Stream<Path> found = Files.list(programs);
             PrintStream out = new PrintStream(Files.newOutputStream(file), false, StandardCharsets.UTF_8)) {
            for (final Path program : found.filter(path -> path.toString().endsWith(".json")).sorted().toList()) {
                final String name = program.getFileName().toString().replaceFirst("\\.json$", "");
                out.print(JSON.writeValueAsString(Map.of("program", name)) + "\n");
                new ProgramRunner(out).answer(Files.readString(program));
            }
        }
    }

    /** One program per line, so that thousands of them need one JVM. */
    public static void serve() throws IOException {
        final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            new ProgramRunner(out).answer(line);
            out.println();
            out.flush();
        }
    }

    private final PrintStream out;
    private final Map<String, TestOutputTopic<byte[], byte[]>> outputs = new HashMap<>();

    private ProgramRunner(final PrintStream out) {
        this.out = out;
    }

    private void answer(final String text) throws IOException {
        final Path state = Files.createTempDirectory("oracle");
        try {
            execute(JSON.readTree(text), state);
        } catch (final Exception | AssertionError | StackOverflowError | NoClassDefFoundError e) {
            final Throwable cause = rootOf(e);
            emit(JSON.createObjectNode().put("error", cause.getClass().getSimpleName())
                .put("message", cause.getMessage()));
        } finally {
            // A driver that fails does not delete its state.
            try (var files = Files.walk(state)) {
                files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
            }
        }
    }

    private static Throwable rootOf(final Throwable e) {
        return e.getCause() == null ? e : rootOf(e.getCause());
    }

    private void execute(final JsonNode program, final Path state) throws Exception {
        final Properties properties = new Properties();
        properties.put("application.id", "app");
        properties.put("bootstrap.servers", "x:1");
        properties.put("state.dir", state.toString());
        properties.put("statestore.cache.max.bytes", "0");
        properties.put("default.key.serde", Serdes.StringSerde.class.getName());
        properties.put("default.value.serde", Serdes.StringSerde.class.getName());
        program.path("config").properties().forEach(entry -> properties.put(entry.getKey(), entry.getValue().asText()));
        if ("continue".equals(properties.get("production.exception.handler"))) {
            properties.put("production.exception.handler", ContinueProduction.class.getName());
        }

        // Without this setting, Kafka Streams merges repartition topics before a process() that may change the key (KAFKA-19668).
        properties.put(TopologyConfig.InternalConfig.ENABLE_PROCESS_PROCESSVALUE_FIX, "true");
        final Topology topology =
            program.path("by_hand").asBoolean() ? TopologyByHand.build(program) : built(program, properties);
        emit(JSON.createObjectNode().put("describe", topology.describe().toString()));
        final Instant wallClock = Instant.ofEpochMilli(program.path("wall_clock").asLong(1_000_000));
        try (TopologyTestDriver driver = new TopologyTestDriver(topology, properties, wallClock)) {
            final Set<String> joins = joinStores(program);
            int index = 0;
            for (final JsonNode input : program.path("input")) {
                if (input.has("advance_wall_clock")) {
                    driver.advanceWallClockTime(Duration.ofMillis(input.path("advance_wall_clock").asLong()));
                } else {
                    pipe(driver, input);
                }
                emitRecords(driver, index++);
            }
            for (final var entry : new TreeMap<>(driver.getAllStateStores()).entrySet()) {
                emitStore(driver, entry.getKey(), entry.getValue(), joins.contains(entry.getKey()));
            }
        }
    }

    private static Topology built(final JsonNode program, final Properties properties) {
        final StreamsBuilder builder = new StreamsBuilder(new TopologyConfig(new StreamsConfig(properties)));
        new ProgramTopology(builder).build(program);
        return builder.build(properties);
    }

    private static String textOrNull(final JsonNode value) {
        return value.isNull() || value.isMissingNode() ? null : value.asText();
    }

    /** {@code key} and {@code value} are texts, {@code key_hex} and {@code value_hex} any bytes. */
    private static byte[] bytesOf(final JsonNode input, final String field) {
        if (input.has(field + "_hex")) return HEX.parseHex(input.path(field + "_hex").asText());
        final String text = textOrNull(input.path(field));
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static void pipe(final TopologyTestDriver driver, final JsonNode input) {
        final Headers headers = new RecordHeaders();
        for (final JsonNode header : input.path("headers")) {
            final String value = textOrNull(header.path(1));
            headers.add(header.path(0).asText(), value == null ? null : HEX.parseHex(value));
        }
        driver.createInputTopic(input.path("topic").asText(), new ByteArraySerializer(), new ByteArraySerializer())
            .pipeInput(new TestRecord<>(bytesOf(input, "key"), bytesOf(input, "value"), headers,
                input.path("timestamp").asLong()));
    }

    private void emitRecords(final TopologyTestDriver driver, final int index) throws IOException {
        for (final String topic : new TreeSet<>(driver.producedTopicNames())) {
            final TestOutputTopic<byte[], byte[]> output = outputs.computeIfAbsent(topic, name ->
                driver.createOutputTopic(name, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
            for (final TestRecord<byte[], byte[]> record : output.readRecordsToList()) {
                final ObjectNode line = JSON.createObjectNode().put("input", index).put("topic", topic)
                    .put("key", hex(record.key())).put("value", hex(record.value()))
                    .put("timestamp", record.timestamp());
                emit(putHeaders(line, record.headers()));
            }
        }
    }

    /**
     * Writes a line per entry. Stores with internal entries of Kafka Streams (unmatched records of outer joins,
     * subscriptions of foreign-key joins) are left out: their changelogs contain the same information. Versioned stores
     * are left out because they cannot be listed. Stores of stream-stream joins keep headers in every format; only their
     * values are shown.
     */
    private void emitStore(final TopologyTestDriver driver, final String name, final StateStore store,
                           final boolean suppliedForJoin) throws IOException {
        final boolean ofJoin = suppliedForJoin || name.endsWith("-store");
        if (store instanceof TimestampedWindowStore) {
            try (var entries = driver.getTimestampedWindowStore(name).all()) {
                while (entries.hasNext()) {
                    final var entry = entries.next();
                    emit(line(name, bytes(entry.key.key()), entry.value).put("start", entry.key.window().start()));
                }
            }
        } else if (store instanceof TimestampedWindowStoreWithHeaders && !ofJoin) {
            try (var entries = driver.getTimestampedWindowStoreWithHeaders(name).all()) {
                while (entries.hasNext()) {
                    final var entry = entries.next();
                    emit(line(name, bytes(entry.key.key()), entry.value).put("start", entry.key.window().start()));
                }
            }
        } else if (store instanceof WindowStore) {
            try (KeyValueIterator<Windowed<Object>, Object> entries = driver.getWindowStore(name).all()) {
                while (entries.hasNext()) {
                    final KeyValue<Windowed<Object>, Object> entry = entries.next();
                    emit(line(name, bytes(entry.key.key()), entry.value).put("start", entry.key.window().start()));
                }
            }
        } else if (store instanceof SessionStoreWithHeaders) {
            try (var entries = driver.getSessionStoreWithHeaders(name).fetch(null, null)) {
                while (entries.hasNext()) {
                    final var entry = entries.next();
                    emit(line(name, bytes(entry.key.key()), entry.value).put("start", entry.key.window().start())
                        .put("end", entry.key.window().end()));
                }
            }
        } else if (store instanceof SessionStore) {
            try (KeyValueIterator<Windowed<Object>, Object> entries = driver.getSessionStore(name).fetch(null, null)) {
                while (entries.hasNext()) {
                    final KeyValue<Windowed<Object>, Object> entry = entries.next();
                    emit(line(name, bytes(entry.key.key()), entry.value).put("start", entry.key.window().start())
                        .put("end", entry.key.window().end()));
                }
            }
        } else if (store instanceof KeyValueStore<?, ?> keyValues && !name.contains("OUTERSHARED")
                && !name.endsWith("-shared-join-store")) {
            try (KeyValueIterator<?, ?> entries = keyValues.all()) {
                while (entries.hasNext()) {
                    final KeyValue<?, ?> entry = entries.next();
                    if (entry.key instanceof Bytes) return;
                    final byte[] key =
                        entry.key instanceof Windowed<?> windowed ? bytes(windowed.key()) : bytes(entry.key);
                    final ObjectNode line = line(name, key, entry.value);
                    if (entry.key instanceof Windowed<?> windowed) line.put("start", windowed.window().start());
                    emit(line);
                }
            }
        }
    }

    private static ObjectNode line(final String store, final byte[] key, final Object value) {
        final ObjectNode line = JSON.createObjectNode().put("store", store).put("key", hex(key));
        if (value instanceof ValueAndTimestamp<?> stamped) {
            return line.put("value", hex(bytes(stamped.value()))).put("timestamp", stamped.timestamp());
        }
        if (value instanceof ValueTimestampHeaders<?> kept) {
            line.put("value", hex(bytes(kept.value()))).put("timestamp", kept.timestamp());
            return putHeaders(line, kept.headers());
        }
        if (value instanceof AggregationWithHeaders<?> kept) {
            return putHeaders(line.put("value", hex(bytes(kept.aggregation()))), kept.headers());
        }
        return line.put("value", hex(bytes(value)));
    }

    private static ObjectNode putHeaders(final ObjectNode line, final Headers headers) {
        if (headers.toArray().length > 0) {
            final var array = line.putArray("headers");
            for (final Header header : headers) array.addArray().add(header.key()).add(hex(header.value()));
        }
        return line;
    }

    /** The stores that the program supplies for its joins. */
    private static Set<String> joinStores(final JsonNode program) {
        final Set<String> names = new HashSet<>();
        for (final JsonNode op : program.path("nodes")) {
            for (final String field : new String[] {"this_store", "other_store"}) {
                if (op.has(field)) names.add(op.path(field).asText());
            }
        }
        return names;
    }

    private static byte[] bytes(final Object value) {
        if (value == null) return null;
        if (value instanceof Windowed<?> windowed) return bytes(windowed.key());
        if (value instanceof Long number) {
            try (LongSerializer serializer = new LongSerializer()) {
                return serializer.serialize("", number);
            }
        }
        return ((String) value).getBytes(StandardCharsets.UTF_8);
    }

    private static String hex(final byte[] bytes) {
        return bytes == null ? null : HEX.formatHex(bytes);
    }

    private void emit(final ObjectNode line) throws IOException {
        out.println(JSON.writeValueAsString(line));
    }
}
