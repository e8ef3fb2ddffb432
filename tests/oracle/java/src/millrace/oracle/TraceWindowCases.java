package millrace.oracle;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** Windowed aggregations and cogroup, record by record. */
final class TraceWindowCases extends Cases {
    /** Where stream time jumps, results on window close get lost in Kafka Streams unless stores keep them for long. */
    private static final long LONG = 1_000_000;

    /** What differs between the runs of one aggregation. */
    private record Variant(String name, boolean inMemory, boolean onClose, boolean cached) {
        private static final List<Variant> ALL = List.of(new Variant("", false, false, false),
            new Variant("-in-memory", true, false, false), new Variant("-on-close", false, true, false),
            new Variant("-on-close-in-memory", true, true, false), new Variant("-cached", false, false, true),
            new Variant("-on-close-cached", false, true, true));

        EmitStrategy emit() {
            return onClose ? EmitStrategy.onWindowClose() : EmitStrategy.onWindowUpdate();
        }

        <V> Materialized<String, V, WindowStore<Bytes, byte[]>> window() {
            return options(Materialized.as("w"));
        }

        <V> Materialized<String, V, SessionStore<Bytes, byte[]>> session() {
            return options(Materialized.as("w"));
        }

        private <M extends Materialized<?, ?, ?>> M options(final M materialized) {
            if (onClose) materialized.withRetention(ms(LONG));
            if (inMemory) materialized.withStoreType(Materialized.StoreType.IN_MEMORY);
            return materialized;
        }
    }

    TraceWindowCases() {
        int seed = 100;
        for (final Variant v : Variant.ALL) {
            time("tumbling", TimeWindows.ofSizeAndGrace(ms(10), ms(5)), v, ++seed);
            time("hopping", TimeWindows.ofSizeAndGrace(ms(10), ms(15)).advanceBy(ms(4)), v, ++seed);
            if (!v.onClose) time("unlimited", UnlimitedWindows.of().startOn(Instant.ofEpochMilli(1100)), v, ++seed);
            sliding(SlidingWindows.ofTimeDifferenceAndGrace(ms(10), ms(12)), v, ++seed);
            sessions(SessionWindows.ofInactivityGapAndGrace(ms(6), ms(8)), v, ++seed);
        }
        timelines();
        grouping();
        suppress();
        cogroups();
    }

    private void window(final String name, final Variant variant, final int seed,
                        final Function<KGroupedStream<String, String>, KTable<Windowed<String>, ?>> aggregate) {
        add(name + variant.name(), Map.of("statestore.cache.max.bytes", variant.cached() ? "10485760" : "0"),
            b -> aggregate.apply(words(b.stream("in", C())).groupByKey()).toStream().to("out"), random(seed, 150, "in"));
    }

    /** Several values from one record, which a cache makes into one update. */
    private static KStream<String, String> words(final KStream<String, String> stream) {
        return stream.flatMapValues(v -> v == null ? Collections.singletonList(null) : List.of(v.split(",")));
    }

    private static String concat(final String aggregate, final String value) {
        return value != null && value.endsWith("7") ? null : aggregate + "+" + value;
    }

    private void time(final String kind, final Windows<?> windows, final Variant v, final int seed) {
        window("window-" + kind + "-count", v, seed, g -> g.windowedBy(windows).emitStrategy(v.emit()).count(v.window()));
        window("window-" + kind + "-reduce", v, seed, g -> g.windowedBy(windows).emitStrategy(v.emit())
            .reduce(TraceWindowCases::concat, v.window()));
        window("window-" + kind + "-aggregate", v, seed, g -> g.windowedBy(windows).emitStrategy(v.emit())
            .aggregate(() -> "", (key, value, x) -> concat(x, value), v.<String>window()));
    }

    private void sliding(final SlidingWindows windows, final Variant v, final int seed) {
        window("window-sliding-count", v, seed, g -> g.windowedBy(windows).emitStrategy(v.emit()).count(v.window()));
        // Kafka Streams fails where a cached store of sliding windows holds a deletion.
        window("window-sliding-reduce", v, seed, g -> g.windowedBy(windows).emitStrategy(v.emit())
            .reduce((x, y) -> v.cached() ? x + "+" + y : concat(x, y), v.window()));
        window("window-sliding-aggregate", v, seed, g -> g.windowedBy(windows).emitStrategy(v.emit())
            .aggregate(() -> "", (key, value, x) -> (x == null ? "" : x) + "+" + value, v.<String>window()));
    }

    private void sessions(final SessionWindows windows, final Variant v, final int seed) {
        window("window-session-count", v, seed, g -> g.windowedBy(windows).emitStrategy(v.emit()).count(v.session()));
        window("window-session-reduce", v, seed, g -> g.windowedBy(windows).emitStrategy(v.emit())
            .reduce(TraceWindowCases::concat, v.session()));
        window("window-session-aggregate", v, seed, g -> g.windowedBy(windows).emitStrategy(v.emit())
            .aggregate(() -> "", (key, value, x) -> concat(x, value), (key, x, y) -> x + "|" + y,
                v.<String>session()));
    }

    /** The bounds of each kind of window, by hand. */
    private void timelines() {
        final String early = """
            in a=3 @3
            in a=9 @9
            in a=5 @5
            in a=10 @10
            in a=11 @11
            in a=0 @0
            in a=21 @21
            in a=4 @4
            """;
        add("window-sliding-early", b -> b.stream("in", C()).groupByKey()
            .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(10), ms(100)))
            .reduce((x, y) -> x + "," + y, Materialized.as("w")).toStream().to("out"), early);
        add("window-hopping-early", b -> b.stream("in", C()).groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(100)).advanceBy(ms(3)))
            .reduce((x, y) -> x + "," + y, Materialized.as("w")).toStream().to("out"), early);
        add("window-session-early", b -> b.stream("in", C()).groupByKey()
            .windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(2), ms(100)))
            .reduce((x, y) -> x + "," + y, Materialized.as("w")).toStream().to("out"), early);
        add("window-session-without-gap", b -> b.stream("in", C()).groupByKey()
            .windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(0)))
            .count(Materialized.as("w")).toStream().to("out"), """
            in a=1 @5
            in a=2 @5
            in a=3 @6
            in a=late @5
            """);
        final String close = """
            in a=x @7
            in b=x @12
            in c=x @15
            in c=x @19
            in c=x @20 h=01
            in a=late @2
            in b=x @24 h=02
            in c=x @29
            in c=x @30
            """;
        add("window-hopping-closes", b -> b.stream("in", C()).groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(5)).advanceBy(ms(5)))
            .emitStrategy(EmitStrategy.onWindowClose()).count(Materialized.as("w")).toStream().to("out"), close);
        add("window-sliding-closes", b -> b.stream("in", C()).groupByKey()
            .windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(ms(5)))
            .emitStrategy(EmitStrategy.onWindowClose()).count(Materialized.as("w")).toStream().to("out"), close);
        add("window-session-closes", b -> b.stream("in", C()).groupByKey()
            .windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(4)))
            .emitStrategy(EmitStrategy.onWindowClose())
            .count(Materialized.<String, Long, SessionStore<Bytes, byte[]>>as("w").withRetention(ms(LONG))).toStream()
            .to("out"), close);
        add("window-tumbling-wide", b -> b.stream("in", C()).groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(ms(60_000), ms(5_000))).count(Materialized.as("w")).toStream()
            .to("out"), """
            in a=x @T+1000
            in a=x @T+59999 h=31
            in a=x @T+60000
            in a=late @T+42000
            in b=x @T+65000
            in a=late @T+42001
            in null=x @T+65000
            in a=null @T+65001
            """);
    }

    private void grouping() {
        final String input = random(7, 80, "in");
        add("window-rekeyed", b -> {
            KGroupedStream<String, String> g = b.stream("in", C())
                .groupBy((k, v) -> v == null ? null : v.substring(v.length() - 1), Grouped.with("g", S, S));
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(20))).count(Materialized.as("t")).toStream().to("o1");
            g.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(5))).count(Materialized.as("s")).toStream()
                .to("o2");
        }, input);
        add("window-table-downstream", b -> {
            KTable<Windowed<String>, Long> t = b.stream("in", C()).groupByKey()
                .windowedBy(TimeWindows.ofSizeAndGrace(ms(20), ms(20))).count(Materialized.as("t"));
            t.filter((k, v) -> v % 2 == 1).toStream().to("odd");
            t.mapValues(v -> "n" + v).toStream().to("text");
            t.toStream((k, v) -> k.key() + "@" + k.window().start() + "-" + k.window().end())
                .to("flat", Produced.with(S, L));
            t.toStream().filter((k, v) -> k.window().start() > 1100).mapValues(v -> v + 1).to("more",
                Produced.valueSerde(L));
        }, input);
        add("window-of-windows", b -> b.stream("in", C()).groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(20))).count(Materialized.as("t")).toStream()
            .groupByKey(Grouped.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10), L))
            .reduce(Long::sum, Materialized.as("r")).toStream().to("out"), input);
    }

    /** The order of the buffer's changelog is not specified, so it has none here. */
    private void suppress() {
        final Suppressed<Windowed<?>> closed =
            Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded().withLoggingDisabled());
        final String input = random(31, 150, "in");
        add("window-suppress-hopping", b -> b.stream("in", C()).groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(15)).advanceBy(ms(4))).count(Materialized.as("w"))
            .suppress(closed).toStream().to("out"), input);
        add("window-suppress-sliding", b -> b.stream("in", C()).groupByKey()
            .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(10), ms(12))).count(Materialized.as("w"))
            .suppress(closed).toStream().to("out"), input);
        add("window-suppress-session", b -> b.stream("in", C()).groupByKey()
            .windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(6), ms(8))).count(Materialized.as("w"))
            .suppress(closed).toStream().to("out"), input);
    }

    private void cogroups() {
        final String two = random(21, 120, "l", "r");
        add("cogroup", b -> {
            KGroupedStream<String, String> l = b.stream("l", C()).groupByKey();
            KGroupedStream<String, String> r = b.stream("r", C()).groupByKey();
            l.cogroup((String k, String v, String x) -> v.endsWith("5") ? null : x + "l" + v)
                .cogroup(r, (k, v, x) -> x + "r" + v).aggregate(() -> k(), Materialized.as("c")).toStream().to("out");
        }, two);
        add("cogroup-rekeyed", b -> {
            KGroupedStream<String, String> l = b.stream("l", C()).groupByKey();
            KGroupedStream<String, String> r = b.stream("r", C())
                .groupBy((k, v) -> v == null ? null : v.substring(v.length() - 1), Grouped.with(S, S));
            l.cogroup((String k, String v, Long x) -> x + 1).cogroup(r, (k, v, x) -> x + 100)
                .aggregate(() -> 0L, Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("c").withValueSerde(L))
                .toStream().to("out", Produced.with(S, L));
        }, two);
        for (final boolean cached : List.of(false, true)) {
            final Map<String, String> config = Map.of("statestore.cache.max.bytes", cached ? "10485760" : "0");
            final String suffix = cached ? "-cached" : "";
            add("cogroup-tumbling" + suffix, config, b -> cogroup(b.stream("l", C()), b.stream("r", C()))
                .windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(10)))
                .aggregate(() -> k(), kept(Materialized.<String, String, WindowStore<Bytes, byte[]>>as("c"))).toStream()
                .to("out"), two);
            add("cogroup-sliding" + suffix, config, b -> cogroup(b.stream("l", C()), b.stream("r", C()))
                .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(8), ms(10)))
                .aggregate(() -> k(), kept(Materialized.<String, String, WindowStore<Bytes, byte[]>>as("c"))).toStream()
                .to("out"), two);
            add("cogroup-session" + suffix, config, b -> cogroup(b.stream("l", C()), b.stream("r", C()))
                .windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(10)))
                .aggregate(() -> k(), (k, x, y) -> x + y,
                    kept(Materialized.<String, String, SessionStore<Bytes, byte[]>>as("c"))).toStream().to("out"), two);
        }
    }

    /** Streams of windowed keys carry a serde only if there is one for the keys inside. */
    private static <T extends org.apache.kafka.streams.processor.StateStore> Materialized<String, String, T> kept(
        final Materialized<String, String, T> materialized) {
        return materialized.withKeySerde(S).withValueSerde(S);
    }

    private static String k() {
        return "=";
    }

    private static CogroupedKStream<String, String> cogroup(final KStream<String, String> l,
                                                            final KStream<String, String> r) {
        return l.groupByKey().cogroup((String k, String v, String x) -> x + "l" + v)
            .cogroup(r.groupByKey(), (k, v, x) -> x + "r" + v);
    }

    /** Close times; a third of the records out of order, some late, some null, some of several values. */
    private static String random(final int seed, final int records, final String... topics) {
        final Random random = new Random(seed);
        final String[] keys = {"a", "b", "ab", "c"};
        final StringBuilder input = new StringBuilder();
        long now = 1000;
        for (int i = 0; i < records; i++) {
            now += random.nextInt(12) == 0 ? random.nextInt(40) : random.nextInt(5);
            final long back = random.nextInt(3) == 0 ? random.nextInt(random.nextInt(4) == 0 ? 60 : 14) : 0;
            input.append(topics[random.nextInt(topics.length)]).append(' ')
                .append(random.nextInt(30) == 0 ? "null" : keys[random.nextInt(keys.length)]).append('=')
                .append(random.nextInt(20) == 0 ? "null" : random.nextInt(5) == 0 ? i + "," + random.nextInt(9) : i)
                .append(" @").append(now - back).append(random.nextInt(6) == 0 ? " h=0" + i % 10 : "").append('\n');
        }
        return input.toString();
    }
}
