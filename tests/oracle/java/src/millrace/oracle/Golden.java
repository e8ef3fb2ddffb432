// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Golden texts of many cases in few files: FAMILY.txt contains the cases of one family. Each case follows a
 * line {@code === NAME} and ends before the next such line or at the end of the file, byte for byte.
 */
final class Golden {
    private static final String HEADER = "=== ";

    private final Map<String, StringBuilder> families = new LinkedHashMap<>();

    void add(final String family, final String name, final String text) {
        if (!text.endsWith("\n") || text.startsWith(HEADER) || text.contains("\n" + HEADER)) {
            throw new IllegalStateException("the case " + name + " cannot be told from the next one: its text must end "
                + "with a line feed, and no line of it may begin with '" + HEADER + "'");
        }
        families.computeIfAbsent(family, unused -> new StringBuilder()).append(HEADER).append(name).append('\n')
            .append(text);
    }

    void write(final Path directory) throws IOException {
        Files.createDirectories(directory);
        for (final Map.Entry<String, StringBuilder> family : families.entrySet()) {
            Files.writeString(directory.resolve(family.getKey() + ".txt"), family.getValue());
        }
    }
}
