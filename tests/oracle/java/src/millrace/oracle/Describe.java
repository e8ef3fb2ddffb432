// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;

/** Writes the describe() text of each case. */
final class Describe {
    static void writeAll(final Path directory) throws IOException {
        final Golden golden = new Golden();
        for (final Cases cases : List.of(new ReferenceCases(), new DescribeCases(), new DescribeStatefulCases(),
            new DescribeWindowCases())) {
            for (final Map.Entry<String, Cases.Program> entry : cases.programs().entrySet()) {
                golden.add(entry.getValue().family(), entry.getKey(), build(entry.getValue()).describe().toString());
            }
        }
        golden.write(directory);
    }

    private static Topology build(final Cases.Program program) {
        final StreamsBuilder builder = new StreamsBuilder();
        program.topology().accept(builder);
        final Properties properties = new Properties();
        properties.put("application.id", "app");
        properties.put("bootstrap.servers", "x:1");
        properties.putAll(program.config());
        return builder.build(properties);
    }

    private Describe() {}
}
