// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.time.Duration;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.Stores;

/** Joins within a window, and aggregations into a table: each with every way to name its parts. */
final class DescribeStatefulCases extends Cases {
    private static final JoinWindows WINDOW = JoinWindows.ofTimeDifferenceAndGrace(ms(10_000), ms(5_000));

    DescribeStatefulCases() {
        family("joins");
        for (final String kind : new String[] {"inner", "left", "outer"}) joins(kind);
        sharedRepartitions();
        family("aggregations");
        for (final String kind : new String[] {"count", "reduce", "aggregate"}) aggregations(kind);
        combinations();
    }

    private static KStream<String, String> join(final String kind, final KStream<String, String> left,
                                                final KStream<String, String> right, final JoinWindows window,
                                                final StreamJoined<String, String, String> joined) {
        return switch (kind) {
            case "inner" -> left.join(right, (x, y) -> x + y, window, joined);
            case "left" -> left.leftJoin(right, (x, y) -> x + y, window, joined);
            default -> left.outerJoin(right, (x, y) -> x + y, window, joined);
        };
    }

    @SuppressWarnings("deprecation")
    private static JoinWindows legacy() {
        return JoinWindows.of(ms(10));
    }

    private void joins(final String kind) {
        final String prefix = "join-" + kind;
        add(prefix, b -> join(kind, b.stream("l", C()), b.stream("r", C()), WINDOW, SJ()).to("out"));
        add(prefix + "-named", b -> {
            join(kind, b.stream("l", C()), b.stream("r", C()), WINDOW, SJ().withName("meet")).to("out");
        });
        add(prefix + "-store-named", b -> {
            join(kind, b.stream("l", C()), b.stream("r", C()), WINDOW, SJ().withStoreName("kept")).to("out");
        });
        add(prefix + "-both-named", b -> {
            join(kind, b.stream("l", C()), b.stream("r", C()), WINDOW, SJ().withName("meet").withStoreName("kept"))
                .to("out");
        });
        add(prefix + "-rekeyed", b -> {
            join(kind, b.stream("l", C()).selectKey((k, v) -> v), b.stream("r", C()).selectKey((k, v) -> v), WINDOW,
                SJ()).to("out");
        });
        add(prefix + "-rekeyed-named", b -> {
            join(kind, b.stream("l", C()).selectKey((k, v) -> v), b.stream("r", C()).selectKey((k, v) -> v), WINDOW,
                SJ().withName("meet").withStoreName("kept")).to("out");
        });
        add(prefix + "-rekeyed-left", b -> {
            join(kind, b.stream("l", C()).map((k, v) -> KeyValue.pair(v, k)), b.stream("r", C()), WINDOW, SJ())
                .to("out");
        });
        add(prefix + "-rekeyed-right", b -> {
            join(kind, b.stream("l", C()), b.stream("r", C()).selectKey((k, v) -> v, Named.as("by-value")), WINDOW,
                SJ()).to("out");
        });
        add(prefix + "-no-grace", b -> {
            join(kind, b.stream("l", C()), b.stream("r", C()),
                JoinWindows.ofTimeDifferenceWithNoGrace(ms(10)).before(ms(5)).after(ms(7)), SJ()).to("out");
        });
        add(prefix + "-legacy-windows", b -> {
            join(kind, b.stream("l", C()), b.stream("r", C()), legacy(), SJ()).to("out");
        });
        add(prefix + "-supplied-stores", b -> {
            join(kind, b.stream("l", C()), b.stream("r", C()), JoinWindows.ofTimeDifferenceAndGrace(ms(10), ms(5)),
                SJ().withThisStoreSupplier(Stores.inMemoryWindowStore("mine", ms(25), ms(20), true))
                    .withOtherStoreSupplier(Stores.inMemoryWindowStore("theirs", ms(25), ms(20), true))).to("out");
        });
        add(prefix + "-with-itself", b -> {
            KStream<String, String> s = b.stream("in", C());
            join(kind, s, s, WINDOW, SJ()).to("out");
        });
        add(prefix + "-same-topic-read-twice", b -> {
            join(kind, b.stream("in", C()), b.stream("in", C()), WINDOW, SJ()).to("out");
        });
        add(prefix + "-then-join", b -> {
            KStream<String, String> first = join(kind, b.stream("a", C()), b.stream("b", C()), WINDOW, SJ());
            join(kind, first, b.stream("c", C()), WINDOW, SJ()).to("out");
        });
        add(prefix + "-then-group-by", b -> {
            join(kind, b.stream("l", C()), b.stream("r", C()), WINDOW, SJ())
                .groupBy((k, v) -> v, Grouped.with(S, S)).count().toStream().to("out", Produced.with(S, L));
        });
        add(prefix + "-then-group-by-key", b -> {
            join(kind, b.stream("l", C()).selectKey((k, v) -> v), b.stream("r", C()), WINDOW, SJ())
                .groupByKey(Grouped.with(S, S)).count().toStream().to("out", Produced.with(S, L));
        });
    }

    private void sharedRepartitions() {
        add("rekeyed-stream-joined-twice", b -> {
            KStream<String, String> s = b.stream("in", C()).selectKey((k, v) -> v);
            s.join(b.stream("r1", C()), (x, y) -> x + y, WINDOW, SJ()).to("o1");
            s.join(b.stream("r2", C()), (x, y) -> x + y, WINDOW, SJ()).to("o2");
        });
        add("rekeyed-stream-joined-twice-named", b -> {
            KStream<String, String> s = b.stream("in", C()).selectKey((k, v) -> v);
            s.join(b.stream("r1", C()), (x, y) -> x + y, WINDOW, SJ().withName("one")).to("o1");
            s.join(b.stream("r2", C()), (x, y) -> x + y, WINDOW, SJ().withName("two")).to("o2");
        });
        add("rekeyed-stream-joined-left-then-inner", b -> {
            KStream<String, String> s = b.stream("in", C()).selectKey((k, v) -> v);
            s.leftJoin(b.stream("r1", C()), (x, y) -> x + y, WINDOW, SJ()).to("o1");
            b.stream("r2", C()).join(s, (x, y) -> x + y, WINDOW, SJ()).to("o2");
        });
        add("rekeyed-stream-joined-with-itself", b -> {
            KStream<String, String> s = b.stream("in", C()).selectKey((k, v) -> v);
            s.join(s, (x, y) -> x + y, WINDOW, SJ()).to("out");
        });
        add("rekeyed-stream-grouped-twice", b -> {
            KStream<String, String> s = b.stream("in", C()).selectKey((k, v) -> v);
            s.groupByKey(Grouped.with(S, S)).count().toStream().to("o1", Produced.with(S, L));
            s.groupByKey(Grouped.with(S, S)).reduce((x, y) -> y).toStream().to("o2", Produced.with(S, S));
        });
        add("rekeyed-stream-joined-and-grouped", b -> {
            KStream<String, String> s = b.stream("in", C()).selectKey((k, v) -> v);
            s.join(b.stream("r", C()), (x, y) -> x + y, WINDOW, SJ()).to("o1");
            s.groupByKey(Grouped.with(S, S)).count().toStream().to("o2", Produced.with(S, L));
        });
        add("rekeyed-then-stateless-joined", b -> {
            b.stream("l", C()).selectKey((k, v) -> v).filter((k, v) -> true).mapValues(v -> v).peek((k, v) -> {})
                .join(b.stream("r", C()).flatMapValues(v -> java.util.List.of(v)), (x, y) -> x + y, WINDOW, SJ())
                .to("out");
        });
    }

    private static KTable<String, ?> aggregate(final String kind, final KGroupedStream<String, String> grouped,
                                               final Named named, final String store) {
        return switch (kind) {
            case "count" -> grouped.count(named, store == null ? Materialized.with(S, L) : Materialized.as(store));
            case "reduce" -> grouped.reduce((x, y) -> y, named,
                store == null ? Materialized.with(S, S) : Materialized.as(store));
            default -> grouped.aggregate(() -> "", (k, v, x) -> v, named,
                store == null ? Materialized.with(S, S) : Materialized.as(store));
        };
    }

    private static KTable<String, ?> aggregate(final String kind, final KGroupedStream<String, String> grouped) {
        return switch (kind) {
            case "count" -> grouped.count();
            case "reduce" -> grouped.reduce((x, y) -> y);
            default -> grouped.aggregate(() -> "", (k, v, x) -> v);
        };
    }

    private static KGroupedStream<String, String> grouped(final StreamsBuilder b, final boolean by,
                                                          final Grouped<String, String> how) {
        final KStream<String, String> s = b.stream("in", C());
        return by ? s.groupBy((k, v) -> v, how) : s.groupByKey(how);
    }

    private void aggregations(final String kind) {
        for (final boolean by : new boolean[] {false, true}) {
            final String prefix = (by ? "group-by-" : "group-by-key-") + kind;
            add(prefix, b -> aggregate(kind, grouped(b, by, Grouped.with(S, S))).toStream().to("out"));
            add(prefix + "-materialized-unnamed", b -> {
                final KGroupedStream<String, String> g = grouped(b, by, Grouped.with(S, S));
                final KTable<String, ?> table = switch (kind) {
                    case "count" -> g.count(Materialized.with(S, L));
                    case "reduce" -> g.reduce((x, y) -> y, Materialized.with(S, S));
                    default -> g.aggregate(() -> "", (k, v, x) -> v, Materialized.with(S, S));
                };
                table.toStream().to("out");
            });
            add(prefix + "-store-named", b -> {
                final KGroupedStream<String, String> g = grouped(b, by, Grouped.with(S, S));
                final KTable<String, ?> table = switch (kind) {
                    case "count" -> g.count(Materialized.as("kept"));
                    case "reduce" -> g.reduce((x, y) -> y, Materialized.as("kept"));
                    default -> g.aggregate(() -> "", (k, v, x) -> v, Materialized.as("kept"));
                };
                table.toStream().to("out");
            });
            add(prefix + "-node-named", b -> {
                aggregate(kind, grouped(b, by, Grouped.with(S, S)), Named.as("sum-up"), null).toStream().to("out");
            });
            add(prefix + "-grouped-named", b -> {
                aggregate(kind, grouped(b, by, Grouped.with("grouped", S, S))).toStream().to("out");
            });
            add(prefix + "-all-named", b -> {
                aggregate(kind, grouped(b, by, Grouped.with("grouped", S, S)), Named.as("sum-up"), "kept")
                    .toStream(Named.as("streamed")).to("out");
            });
        }
    }

    private void combinations() {
        add("aggregates-sharing-a-grouped-name", b -> {
            KGroupedStream<String, String> g = b.stream("in", C()).groupBy((k, v) -> v, Grouped.with("g", S, S));
            g.count().toStream().to("o1", Produced.with(S, L));
            g.reduce((x, y) -> y).toStream().to("o2", Produced.with(S, S));
            g.aggregate(() -> "", (k, v, x) -> v, Materialized.as("third")).toStream().to("o3");
        });
        add("aggregates-of-one-unnamed-grouping", b -> {
            KGroupedStream<String, String> g = b.stream("in", C()).groupBy((k, v) -> v, Grouped.with(S, S));
            g.count().toStream().to("o1", Produced.with(S, L));
            g.count(Materialized.as("second")).toStream().to("o2", Produced.with(S, L));
        });
        add("aggregate-of-an-aggregate", b -> {
            b.stream("in", C()).groupBy((k, v) -> v, Grouped.with(S, S)).count().toStream()
                .groupBy((k, v) -> k, Grouped.with(S, L)).reduce(Long::sum).toStream().to("out", Produced.with(S, L));
        });
        add("aggregate-without-consumer", b -> b.stream("in", C()).groupByKey().count());
        add("aggregate-read-twice", b -> {
            KTable<String, Long> t = b.stream("in", C()).groupByKey().count(Materialized.as("kept"));
            t.toStream().to("o1", Produced.with(S, L));
            t.toStream().filter((k, v) -> v > 1).to("o2", Produced.with(S, L));
        });
        add("aggregate-in-memory", b -> {
            b.stream("in", C()).groupByKey()
                .count(Materialized.<String, Long>as(Stores.inMemoryKeyValueStore("fast")).withLoggingDisabled())
                .toStream().to("out", Produced.with(S, L));
        });
        add("aggregate-after-value-operators", b -> {
            b.stream("in", C()).mapValues(v -> v).filter((k, v) -> true).groupByKey().count().toStream()
                .mapValues(v -> v.toString()).to("out", Produced.with(S, S));
        });
        add("word-count", b -> {
            b.stream("text", C()).flatMapValues(v -> java.util.List.of(v.toLowerCase().split("\\W+")))
                .groupBy((k, word) -> word).count(Materialized.as("counts")).toStream()
                .to("counts-out", Produced.with(S, L));
        });
        add("buy-stream", b -> {
            KStream<String, String> alerts = b.stream("alerts", C()).selectKey((k, v) -> v);
            KStream<String, String> variations = b.stream("variations", C()).selectKey((k, v) -> v);
            alerts.join(variations, (a, v) -> v,
                    JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMinutes(5), Duration.ofHours(24)), SJ())
                .filter((k, v) -> true).mapValues(v -> v).to("buy");
        });
    }
}
