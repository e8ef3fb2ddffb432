// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Tables: sources, operators on values, groupings, and suppress. */
final class TraceTableCases extends Cases {
    private static final Map<String, String> CACHED = Map.of("statestore.cache.max.bytes", "10485760");

    /** Values that pass and fail the filter below, tombstones, and a null key. */
    private static final String VALUES = """
        in a=1 @10
        in b=keep @20 h=31
        in a=keep @30
        in a=2 @25
        in null=x @30
        in a=null @40
        in a=null @41
        in b=keep more @42
        in c=null @43
        in c=3 @44
        in b=4 @45
        """;

    static final String TWO_TABLES = """
        l a=null @1
        r a=null @2
        l a=A @3
        r a=a @5 h=31
        l a=B @4
        r a=b @7
        l a=null @6
        r a=null @8
        l a=C @9
        r a=c @10
        r a=null @12
        l a=D @13
        l a=null @14
        l b=x @15
        r b=y @1
        r null=z @16
        """;

    TraceTableCases() {
        family("tables");
        sources();
        values();
        groups();
        suppress();
        family("table-joins");
        joins();
    }

    /** The same case without and with caches. */
    private void both(final String name, final Consumer<StreamsBuilder> topology, final String input) {
        add(name, topology, input);
        add(name + "-cached", CACHED, topology, input);
    }

    private static KTable<String, String> table(final StreamsBuilder b, final String topic) {
        return b.table(topic, C());
    }

    private static void out(final KTable<String, String> table) {
        table.toStream().to("out", Produced.with(S, S));
    }

    private static Materialized<String, String, KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]>> kept(
        final String name) {
        return Materialized.<String, String, KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]>>as(name)
            .withKeySerde(S).withValueSerde(S);
    }

    private void sources() {
        both("table", b -> out(table(b, "in")), VALUES);
        both("table-kept", b -> out(b.table("in", C(), kept("t"))), VALUES);
        add("table-kept-in-memory-unlogged", b -> out(b.table("in", C(),
            Materialized.<String, String>as(Stores.inMemoryKeyValueStore("t")).withLoggingDisabled())), VALUES);
        both("to-table", b -> out(b.stream("in", C()).toTable(Materialized.with(S, S))), VALUES);
        both("to-table-kept", b -> out(b.stream("in", C()).toTable(kept("t"))), VALUES);
        both("to-table-rekeyed", b -> out(b.stream("in", C())
            .selectKey((k, v) -> v == null ? null : v.substring(0, 1)).toTable(kept("t"))), VALUES);
        add("table-reused-topic", Map.of("topology.optimization", "all"), b -> out(b.table("in", C(), kept("t"))),
            VALUES);
        add("table-versioned", b -> out(b.table("in", C(),
            Materialized.<String, String>as(Stores.persistentVersionedKeyValueStore("t", ms(20))))), """
            in a=1 @100
            in a=2 @120
            in a=late @110
            in a=null @115
            in a=too late @99
            in a=exactly @100
            in a=null @130
            in b=x @90
            in a=again @125
            """);
    }

    private void values() {
        final Predicate<String, String> keep = (k, v) -> v.startsWith("keep");
        both("table-filter", b -> out(table(b, "in").filter(keep)), VALUES);
        both("table-filter-not", b -> out(table(b, "in").filterNot(keep)), VALUES);
        both("table-filter-of-kept", b -> out(b.table("in", C(), kept("t")).filter(keep)), VALUES);
        both("table-filter-kept", b -> out(table(b, "in").filter(keep, kept("f"))), VALUES);
        both("table-filter-of-kept-kept", b -> out(b.table("in", C(), kept("t")).filter(keep, kept("f"))), VALUES);
        both("table-map-values", b -> out(table(b, "in").mapValues((k, v) -> k + ":" + v)), VALUES);
        both("table-map-values-kept", b -> out(table(b, "in").mapValues((k, v) -> k + ":" + v, kept("m"))), VALUES);
        both("table-map-values-to-null", b -> out(table(b, "in")
            .mapValues(v -> v.equals("keep") ? null : v, kept("m")).filter(keep)), VALUES);
        both("table-chain-kept-at-both-ends", b -> out(b.table("in", C(), kept("t")).mapValues(v -> v + v)
            .filter(keep).mapValues(v -> v.length() + v, kept("end"))), VALUES);
        both("table-transform-values", b -> {
            b.addStateStore(store("seen"));
            out(table(b, "in").transformValues(() -> counting(), "seen"));
        }, VALUES);
        both("table-transform-values-kept", b -> {
            b.addStateStore(store("seen"));
            out(table(b, "in").transformValues(() -> counting(), kept("tv"), Named.as("tv-node"), "seen"));
        }, VALUES);
    }

    /** Returns how often it has seen the key, followed by the value ("gone" for null). */
    private static ValueTransformerWithKey<String, String, String> counting() {
        return new ValueTransformerWithKey<>() {
            private KeyValueStore<String, String> seen;

            @Override
            public void init(final org.apache.kafka.streams.processor.ProcessorContext context) {
                seen = context.getStateStore("seen");
            }

            @Override
            public String transform(final String key, final String value) {
                final String times = (seen.get(key) == null ? "" : seen.get(key)) + "i";
                seen.put(key, times);
                return times + " " + (value == null ? "gone" : value);
            }

            @Override
            public void close() {}
        };
    }

    private static String text(final String x, final String y) {
        return x + "+" + y;
    }

    private void joins() {
        both("table-join", b -> out(table(b, "l").join(table(b, "r"), TraceTableCases::text)), TWO_TABLES);
        both("table-left-join", b -> out(table(b, "l").leftJoin(table(b, "r"), TraceTableCases::text)), TWO_TABLES);
        both("table-outer-join", b -> out(table(b, "l").outerJoin(table(b, "r"), TraceTableCases::text)), TWO_TABLES);
        both("table-join-kept", b -> out(table(b, "l").join(table(b, "r"), TraceTableCases::text, kept("j"))
            .filter((k, v) -> v.contains("a"))), TWO_TABLES);
        both("table-left-join-kept", b -> out(table(b, "l").leftJoin(table(b, "r"), TraceTableCases::text, kept("j"))
            .filter((k, v) -> v.contains("a"))), TWO_TABLES);
        both("table-outer-join-kept", b -> out(table(b, "l").outerJoin(table(b, "r"), TraceTableCases::text, kept("j"))
            .filter((k, v) -> v.contains("a"))), TWO_TABLES);
        both("table-join-with-itself", b -> {
            final KTable<String, String> t = table(b, "l");
            out(t.join(t.mapValues(v -> v + v), TraceTableCases::text));
        }, VALUES.replace("in ", "l "));
        both("table-joins-in-a-row", b -> {
            final KTable<String, String> l = table(b, "l");
            final KTable<String, String> r = table(b, "r");
            out(l.filter((k, v) -> !v.equals("B")).leftJoin(r.mapValues(v -> v + v), TraceTableCases::text)
                .outerJoin(l.join(r, TraceTableCases::text), (x, y) -> x + "/" + y));
        }, TWO_TABLES);
        add("table-outer-join-versioned", b -> out(
            b.table("l", C(), Materialized.<String, String>as(Stores.persistentVersionedKeyValueStore("lv", ms(100))))
                .outerJoin(b.table("r", C(),
                    Materialized.<String, String>as(Stores.persistentVersionedKeyValueStore("rv", ms(100)))),
                    TraceTableCases::text)), TWO_TABLES);
        final String streamAndTable = """
            s a=1 @1
            t a=A @2
            s a=2 @3 h=31
            t a=B @9
            s a=3 @5
            s a=null @6
            s null=4 @7
            t a=null @10
            s a=5 @11
            t 3=C @12
            s b=3 @13
            """;
        add("stream-table-join", b -> b.stream("s", C()).join(table(b, "t"), TraceTableCases::text).to("out"),
            streamAndTable);
        add("stream-table-left-join", b -> b.stream("s", C()).leftJoin(table(b, "t"), TraceTableCases::text).to("out"),
            streamAndTable);
        add("stream-table-join-rekeyed", b -> b.stream("s", C()).selectKey((k, v) -> v)
            .join(table(b, "t").mapValues(v -> v + v), TraceTableCases::text, Joined.with(S, S, S, "by-value"))
            .to("out"), streamAndTable);
        add("stream-table-left-join-rekeyed", b -> b.stream("s", C()).selectKey((k, v) -> v)
            .leftJoin(table(b, "t").filter((k, v) -> true), TraceTableCases::text).to("out"), streamAndTable);
        add("stream-global-join", b -> b.stream("s", C()).join(b.globalTable("t", C()),
            (k, v) -> v == null || v.equals("4") ? null : k, TraceTableCases::text).to("out"), streamAndTable);
        add("stream-global-left-join", b -> b.stream("s", C()).leftJoin(b.globalTable("t", C(), kept("g")),
            (k, v) -> v == null || v.equals("4") ? null : v, TraceTableCases::text).to("out"), streamAndTable);
        add("global-store", b -> {
            b.addGlobalStore(store("gs"), "t", C(), () -> new ContextualProcessor<String, String, Void, Void>() {
                private KeyValueStore<String, String> store;

                @Override
                public void init(final ProcessorContext<Void, Void> context) {
                    store = context.getStateStore("gs");
                }

                @Override
                public void process(final Record<String, String> record) {
                    store.put(record.key(), record.value());
                }
            });
            b.stream("s", C()).process(() -> new ContextualProcessor<String, String, String, String>() {
                @Override
                public void process(final Record<String, String> record) {
                    final KeyValueStore<String, String> store = context().getStateStore("gs");
                    context().forward(record.withValue(record.key() == null ? "none" : store.get(record.key())));
                }
            }).to("out", Produced.with(S, S));
        }, streamAndTable);
        final String graced = """
            t a=old @10
            s a=1 @12
            t a=new @20
            s a=2 @15 h=31
            s a=3 @20
            s b=4 @26
            s a=null @27
            t a=null @24
            s a=5 @29
            s a=late @9
            s a=6 @40
            s c=7 @41
            s a=too late @5
            s a=8 @60
            """;
        for (final String kind : new String[] {"join", "left-join"}) {
            add("stream-table-" + kind + "-with-grace", b -> {
                final KTable<String, String> t = b.table("t", C(),
                    Materialized.<String, String>as(Stores.persistentVersionedKeyValueStore("vt", ms(100))));
                final Joined<String, String, String> joined = Joined.with(S, S, S, "graced", ms(10));
                final KStream<String, String> s = b.stream("s", C());
                (kind.equals("join") ? s.join(t, TraceTableCases::text, joined)
                    : s.leftJoin(t, TraceTableCases::text, joined)).to("out");
            }, graced);
        }
        add("stream-versioned-table-join", b -> b.stream("s", C()).join(b.table("t", C(),
            Materialized.<String, String>as(Stores.persistentVersionedKeyValueStore("vt", ms(100))))
            .mapValues(v -> v + v), TraceTableCases::text).to("out"), graced);
        foreign();
    }

    private void foreign() {
        final String input = """
            l k1=f1:one @1
            r f1=A @2 h=31
            l k2=f1:two @1
            l k1=f2:uno @5
            r f2=B @4
            r f1=null @6
            l k2=f1:zwei @7
            r f1=C @8
            l k1=none @9
            l k1=f2:back @10 l=32
            l k2=null @11
            l k2=null @12
            l k3=f1:three @13
            r f1=D @12
            r f9=Z @14
            l k3=f1:three @15
            l k4=none @16
            l null=f1:x @17
            r null=x @18
            l k4=null @19
            """;
        final java.util.function.Function<String, String> key =
            v -> v.contains(":") ? v.substring(0, v.indexOf(':')) : null;
        both("foreign-join", b -> out(table(b, "l").join(table(b, "r"), key, TraceTableCases::text)), input);
        both("foreign-left-join", b -> out(table(b, "l").leftJoin(table(b, "r"), key, TraceTableCases::text)), input);
        both("foreign-join-named", b -> out(table(b, "l").join(table(b, "r"), key, TraceTableCases::text,
            TableJoined.as("fk"), kept("j"))), input);
        both("foreign-left-join-kept", b -> out(table(b, "l").leftJoin(table(b, "r").mapValues(v -> v + v),
            (k, v) -> key.apply(v), TraceTableCases::text, kept("j")).filter((k, v) -> v.contains("A"))), input);
    }

    private void groups() {
        final String input = """
            in a=x1 @10
            in b=x2 @5 h=31
            in a=y3 @20
            in b=x4 @7
            in c=x5 @1
            in a=null @30
            in a=null @31
            in d=skip @32
            in b=skip @33
            in c=x6 @34
            in c=null @35
            in d=y7 @36
            """;
        final KeyValueMapper<String, String, KeyValue<String, String>> byFirst =
            (k, v) -> v.equals("skip") ? KeyValue.pair(null, v) : KeyValue.pair(v.substring(0, 1), v.substring(1));
        both("table-group-count", b -> table(b, "in").groupBy(byFirst, Grouped.with(S, S)).count().toStream()
            .to("out", Produced.with(S, L)), input);
        both("table-group-reduce", b -> out(table(b, "in").groupBy(byFirst, Grouped.with("g", S, S))
            .reduce((x, y) -> x + "+" + y, (x, y) -> x + "-" + y, kept("sum"))), input);
        both("table-group-reduce-to-null", b -> out(table(b, "in").groupBy(byFirst, Grouped.with(S, S))
            .reduce((x, y) -> x + "+" + y, (x, y) -> x.equals(y) ? null : x + "-" + y, kept("sum"))), input);
        both("table-group-aggregate", b -> out(table(b, "in").groupBy(byFirst, Grouped.with(S, S))
            .aggregate(() -> "", (k, v, x) -> x + "+" + v, (k, v, x) -> x.length() > 8 ? null : x + "-" + v,
                Named.as("agg"), kept("sum"))), input);
        both("table-group-twice-sharing", b -> {
            final KGroupedTable<String, String> g = table(b, "in").groupBy(byFirst, Grouped.with("g", S, S));
            g.count().toStream().to("counts", Produced.with(S, L));
            out(g.reduce((x, y) -> y, (x, y) -> x));
        }, input);
        both("table-group-of-group", b -> table(b, "in").groupBy(byFirst, Grouped.with(S, S)).count()
            .groupBy((k, n) -> KeyValue.pair("n" + n, n), Grouped.with(S, L))
            .aggregate(() -> 0L, (k, n, sum) -> sum + n, (k, n, sum) -> sum - n, Materialized.with(S, L))
            .toStream().to("out", Produced.with(S, L)), input);
    }

    private void suppress() {
        final String input = """
            in a=1 @0
            in b=2 @3 h=31
            in a=3 @4
            in a=null @5
            in c=4 @9
            in c=5 @20
            in a=6 @21
            in d=7 @22
            in e=8 @23
            in f=9 @24
            in a=10 @2
            in g=11 @100
            """;
        final Suppressed.EagerBufferConfig three = Suppressed.BufferConfig.maxRecords(3);
        both("suppress-time-limit", b -> out(table(b, "in")
            .suppress(Suppressed.untilTimeLimit(ms(10), Suppressed.BufferConfig.unbounded()))), input);
        both("suppress-records", b -> out(table(b, "in")
            .suppress(Suppressed.<String>untilTimeLimit(ms(1000), three).withName("sup"))), input);
        both("suppress-bytes", b -> out(table(b, "in")
            .suppress(Suppressed.untilTimeLimit(ms(1000), Suppressed.BufferConfig.maxBytes(150)))), input);
        both("suppress-unlogged", b -> out(table(b, "in").suppress(Suppressed.untilTimeLimit(ms(5),
            three.withLoggingDisabled()))), input);
        both("suppress-join", b -> out(table(b, "in")
            .suppress(Suppressed.untilTimeLimit(ms(10), Suppressed.BufferConfig.unbounded()))
            .leftJoin(table(b, "in2"), TraceTableCases::text)), input + """
            in2 a=x @101
            in2 g=y @101
            in2 f=z @102
            in g=12 @120
            """);
        both("suppress-windows", b -> b.stream("in", C()).groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(5))).count()
            .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())).toStream()
            .map((k, n) -> KeyValue.pair(k.key() + "@" + k.window().start(), n)).to("out", Produced.with(S, L)), """
            in a=x @0
            in a=x @9
            in b=x @10
            in a=x @14
            in a=x @3
            in b=x @15
            in a=late @9
            in a=x @31
            in c=x @100
            """);
    }
}
