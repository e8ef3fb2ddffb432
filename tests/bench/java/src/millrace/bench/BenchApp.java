// SPDX-License-Identifier: Apache-2.0
package millrace.bench;

import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * The Kafka Streams program of the benchmarks. It runs until it is terminated. The benchmark reads the output topic.
 * State changes are printed to standard output as {@code state RUNNING <epoch ms>}.
 */
public final class BenchApp {
    private static final String USAGE = """
        usage: BenchApp stateless|join --bootstrap-servers HOST:PORT [--application-id ID] [--state-dir DIR]
                        [--processing-guarantee at_least_once|exactly_once_v2] [--output TOPIC] [-c KEY=VALUE]...
               BenchApp stateless|join --describe

        stateless   variations -> filtered   decode JSON, |variation_ex| > 0.02, encode
        join        alerts + variations -> buy   the buy_stream query: re-key, join within 5 min, filter
        """;

    public static void main(final String[] args) throws InterruptedException {
        if (args.length == 0) usage("which topology?");
        final Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "bench-" + args[0]);
        String output = args[0].equals("join") ? "buy" : "filtered";
        boolean describe = false;
        for (int i = 1; i < args.length; i++) {
            final String option = args[i];
            if (option.equals("--describe")) {
                describe = true;
                continue;
            }
            if (i + 1 == args.length) usage(option + " needs a value");
            final String value = args[++i];
            switch (option) {
                case "--bootstrap-servers" -> config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, value);
                case "--application-id" -> config.put(StreamsConfig.APPLICATION_ID_CONFIG, value);
                case "--state-dir" -> config.put(StreamsConfig.STATE_DIR_CONFIG, value);
                case "--processing-guarantee" -> config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, value);
                case "--output" -> output = value;
                case "-c" -> {
                    final String[] pair = value.split("=", 2);
                    if (pair.length != 2) usage("-c wants KEY=VALUE, got " + value);
                    config.put(pair[0], pair[1]);
                }
                default -> usage("unknown option " + option);
            }
        }
        final Topology topology = switch (args[0]) {
            case "stateless" -> Topologies.stateless(output);
            case "join" -> Topologies.join(output);
            default -> {
                usage("unknown topology " + args[0]);
                throw new IllegalStateException();
            }
        };
        if (describe) {
            System.out.print(topology.describe());
            return;
        }
        if (!config.containsKey(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG)) usage("--bootstrap-servers is missing");
        System.exit(run(topology, config));
    }

    private static int run(final Topology topology, final Properties config) throws InterruptedException {
        final CountDownLatch ended = new CountDownLatch(1);
        final int[] status = {0};
        final KafkaStreams streams = new KafkaStreams(topology, config);
        streams.setUncaughtExceptionHandler(exception -> {
            exception.printStackTrace();
            status[0] = 1;
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.setStateListener((now, before) -> {
            System.out.println("state " + now + " " + System.currentTimeMillis());
            if (now == KafkaStreams.State.ERROR) ended.countDown();
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close();
            ended.countDown();
        }));
        streams.start();
        ended.await();
        return status[0];
    }

    private static void usage(final String complaint) {
        System.err.println(complaint);
        System.err.print(USAGE);
        System.exit(2);
    }

    private BenchApp() {}
}
