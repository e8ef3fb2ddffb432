// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import millrace.oracle.program.ProgramRunner;

/** Runs the real Kafka Streams and prints what it does. Millrace must do the same. */
public final class Main {
    private static final String USAGE = """
        usage: oracle capture IN OUT  write the golden files into the directory OUT: describe/FAMILY.txt,
                                      trace/FAMILY.txt, and programs.jsonl, the answers to IN/NAME.json
               oracle run [FILE]      run the JSON program in FILE (default: standard input), see tests/oracle/README.md
               oracle takeover BOOTSTRAP APPLICATION PREFIX DIR GUARANTEE
                                      work off what is in the topics of an application, see Takeover
               oracle serve           run one JSON program per input line; each answer ends with an empty line
        """;

    public static void main(final String[] args) throws Exception {
        final String mode = args.length == 0 ? "" : args[0];
        switch (mode) {
            case "capture" -> {
                final Path golden = Path.of(args[2]);
                Describe.writeAll(golden.resolve("describe"));
                Trace.writeAll(golden.resolve("trace"));
                ProgramRunner.writeAll(Path.of(args[1]), golden.resolve("programs.jsonl"));
            }
            case "run" -> ProgramRunner.run(args.length > 1 ? Files.readString(Path.of(args[1]))
                : new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
            case "takeover" -> Takeover.run(args[1], args[2], args[3], args[4], args[5]);
            case "serve" -> ProgramRunner.serve();
            default -> {
                System.err.print(USAGE);
                System.exit(2);
            }
        }
    }

    private Main() {}
}
