// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/**
 * Runs each trace case on TopologyTestDriver and writes the output of every input.
 *
 * <p>An input is one line, {@code topic key=value @timestamp [name=hex ...]} or {@code advanceWallClockTime ms}; the
 * word {@code null} means null; {@code @T+5} is relative to T. In the written trace, the line follows {@code >} and its
 * headers follow {@code hdr:}. Below the line are all records that were produced while the input was processed,
 * including those on internal topics, ordered by topic: {@code topic  k=<hex> v=<hex> ts=<ms> [hdr: name=hex ...]}.
 */
final class Trace {
    static final long T = 1_700_000_040_000L;  // a full minute
    private static final long WALL_CLOCK_START = 1_000_000L;
    private static final Pattern INPUT = Pattern.compile("(\\S+) ([^=]*)=(.*) @(T?)([+-]?\\d*)((?: \\S+=\\S*)*)");
    private static final HexFormat HEX = HexFormat.of();

    static void writeAll(final Path directory) throws IOException {
        final Golden golden = new Golden();
        for (final Cases cases : List.of(new TraceCases(), new TraceJoinCases(), new TraceStoreCases(),
            new TraceWindowCases(), new TraceTableCases())) {
            for (final Map.Entry<String, Cases.Program> entry : cases.programs().entrySet()) {
                golden.add(entry.getValue().family(), entry.getKey(), run(entry.getValue()));
            }
        }
        golden.write(directory);
    }

    private static String run(final Cases.Program program) throws IOException {
        final Path state = Files.createTempDirectory("oracle");
        final Properties properties = new Properties();
        properties.put("application.id", "app");
        properties.put("bootstrap.servers", "x:1");
        properties.put("state.dir", state.toString());
        properties.put("statestore.cache.max.bytes", "0");
        properties.put("default.key.serde", Serdes.StringSerde.class.getName());
        properties.put("default.value.serde", Serdes.StringSerde.class.getName());
        properties.putAll(program.config());

        final StreamsBuilder builder = new StreamsBuilder();
        program.topology().accept(builder);
        final StringBuilder out = new StringBuilder();
        try (TopologyTestDriver driver = new TopologyTestDriver(
            builder.build(properties), properties, Instant.ofEpochMilli(WALL_CLOCK_START))) {
            final Trace trace = new Trace(driver, out);
            program.input().lines().map(String::strip).filter(line -> !line.isEmpty()).forEach(trace::step);
        }
        Files.deleteIfExists(state.resolve("app"));
        Files.deleteIfExists(state);
        return out.toString();
    }

    private final TopologyTestDriver driver;
    private final StringBuilder out;
    private final Map<String, TestInputTopic<String, String>> inputs = new HashMap<>();
    private final Map<String, TestOutputTopic<byte[], byte[]>> outputs = new HashMap<>();

    private Trace(final TopologyTestDriver driver, final StringBuilder out) {
        this.driver = driver;
        this.out = out;
    }

    private void step(final String line) {
        if (line.startsWith("advanceWallClockTime ")) {
            out.append("> ").append(line).append('\n');
            driver.advanceWallClockTime(Duration.ofMillis(Long.parseLong(line.split(" ")[1])));
        } else {
            pipe(line);
        }
        for (final String topic : new TreeSet<>(driver.producedTopicNames())) {
            final TestOutputTopic<byte[], byte[]> output = outputs.computeIfAbsent(topic, name ->
                driver.createOutputTopic(name, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
            for (final TestRecord<byte[], byte[]> record : output.readRecordsToList()) {
                out.append("  ").append(topic).append("  k=").append(hex(record.key()))
                    .append(" v=").append(hex(record.value())).append(" ts=").append(record.timestamp());
                appendHeaders(record.headers());
                out.append('\n');
            }
        }
    }

    private void pipe(final String line) {
        final Matcher input = INPUT.matcher(line);
        if (!input.matches()) throw new IllegalArgumentException("not an input: " + line);
        final String offset = input.group(5).isEmpty() ? "0" : input.group(5);
        final long timestamp = (input.group(4).isEmpty() ? 0 : T) + Long.parseLong(offset);
        final Headers headers = new RecordHeaders();
        for (final String header : input.group(6).strip().split(" ")) {
            if (header.isEmpty()) continue;
            final String[] parts = header.split("=", 2);
            headers.add(parts[0], parts[1].equals("null") ? null : HEX.parseHex(parts[1]));
        }
        out.append("> ").append(input.group(1)).append(' ').append(input.group(2)).append('=').append(input.group(3))
            .append(" @").append(timestamp);
        appendHeaders(headers);
        out.append('\n');
        inputs.computeIfAbsent(input.group(1), topic ->
                driver.createInputTopic(topic, new StringSerializer(), new StringSerializer()))
            .pipeInput(new TestRecord<>(text(input.group(2)), text(input.group(3)), headers, timestamp));
    }

    private void appendHeaders(final Headers headers) {
        String lead = " hdr:";
        for (final Header header : headers) {
            out.append(lead).append(' ').append(header.key()).append('=').append(hex(header.value()));
            lead = "";
        }
    }

    private static String text(final String word) {
        return word.equals("null") ? null : word;
    }

    static String hex(final byte[] bytes) {
        return bytes == null ? "null" : HEX.formatHex(bytes);
    }
}
