package millrace.oracle;

import java.util.Random;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/** Window stores in processors, joins in other kinds of stores, event time from values, and long random timelines. */
final class TraceStoreCases extends Cases {
    TraceStoreCases() {
        windowStores();
        joins();
        timestamps();
        random();
    }

    private void windowStore(final String name, final WindowBytesStoreSupplier supplier, final String input) {
        add(name, b -> {
            b.addStateStore(Stores.windowStoreBuilder(supplier, S, S));
            b.stream("in", C()).process(TraceProcessors.windowCommands("ws"), "ws").to("out", Produced.with(S, S));
        }, input);
    }

    private void windowStores() {
        // Segments are at least 60 s long in Java; with a retention of 60 s what is expired shows all the same.
        final String input = """
            in a=a100 @1000
            in a=a200 @2000
            in ab=ab200 @2000
            in b=b150 @1500
            in a=again @1000
            in do=get a 1000 @2001
            in do=get a 1001 @2001
            in do=fetch a 0 5000 @2001
            in do=fetch a 1001 2000 @2001
            in do=backward a 0 5000 @2001
            in do=keys a b 0 5000 @2001
            in do=keys a ab 2000 2000 @2001
            in do=all @2001
            in a=null @2000
            in do=fetch a 0 5000 @2001
            in do=get a 2000 @2001
            in c=late @61000
            in do=get a 1000 @61000
            in d=d @61001
            in do=fetch a 0 5000 @61001
            in do=get b 1500 @61001
            in e=too late @1000
            in e=in time @1002
            in do=all @61001
            in f=far @500000
            in do=all @500000
            """;
        windowStore("window-store", Stores.persistentWindowStore("ws", ms(60_000), ms(1000), false), input);
        windowStore("window-store-in-memory", Stores.inMemoryWindowStore("ws", ms(60_000), ms(1000), false), input);
        final String duplicates = """
            in a=1 @1000
            in a=2 @1000
            in b=3 @1000
            in a=4 @999
            in a=null @1000
            in do=fetch a 999 1000 @1000
            in do=backward a 999 1000 @1000
            in do=all @1000
            in a=5 @70000
            in do=all @70000
            """;
        windowStore("window-store-duplicates", Stores.persistentWindowStore("ws", ms(60_000), ms(1000), true),
            duplicates);
        windowStore("window-store-duplicates-in-memory", Stores.inMemoryWindowStore("ws", ms(60_000), ms(1000), true),
            duplicates);
    }

    @SuppressWarnings("deprecation")
    private void joins() {
        final String timeline = """
            l a=L100 @100
            r a=R100 @100
            l b=L101 @101
            r a=R110 @110
            l a=L95 @95
            r b=R112 @112
            r c=R90 @90
            l z=L140 @140
            r z=R141 @141
            l c=late @91
            """;
        for (final Join kind : Join.values()) {
            add(kind.prefix() + "legacy-windows", b -> {
                kind.join(b.stream("l", C()), b.stream("r", C()), JoinWindows.of(ms(10)), SJ().withStoreName("sj"))
                    .to("out");
            }, timeline);
            add(kind.prefix() + "legacy-windows-with-grace", b -> {
                kind.join(b.stream("l", C()), b.stream("r", C()), JoinWindows.of(ms(10)).grace(ms(20)),
                    SJ().withStoreName("sj")).to("out");
            }, timeline);
            add(kind.prefix() + "in-memory", b -> {
                kind.join(b.stream("l", C()), b.stream("r", C()), JoinWindows.ofTimeDifferenceAndGrace(ms(10), ms(5)),
                    SJ().withStoreName("sj").withDslStoreSuppliers(Materialized.StoreType.IN_MEMORY)).to("out");
            }, timeline);
        }
    }

    private void timestamps() {
        final String input = """
            in a=100 x @5
            in a=90 y @6
            in b=-1 dropped @7
            in a=250 z @8
            """;
        add("timestamp-extractor", b -> {
            b.stream("in", C().withTimestampExtractor((record, partitionTime) ->
                    Long.parseLong(((String) record.value()).split(" ")[0])))
                .groupByKey().count(Materialized.as("c")).toStream().to("out", Produced.with(S, L));
        }, input);
        add("timestamp-extractor-with-partition-time", b -> {
            b.stream("in", C().withTimestampExtractor((record, partitionTime) -> partitionTime + 10)).to("out");
        }, input);
    }

    private void random() {
        for (final Join kind : Join.values()) {
            add(kind.prefix() + "random", b -> {
                kind.join(b.stream("l", C()), b.stream("r", C()),
                    JoinWindows.ofTimeDifferenceAndGrace(ms(10), ms(12)).before(ms(6)), SJ().withStoreName("sj"))
                    .to("out");
            }, randomInput(kind.ordinal(), 300, "l", "r"));
            add(kind.prefix() + "rekeyed-random", b -> {
                kind.join(b.stream("l", C()).selectKey((k, v) -> v == null ? null : v.substring(v.length() - 1)),
                        b.stream("r", C()), JoinWindows.ofTimeDifferenceAndGrace(ms(20), ms(0)).after(ms(0)),
                        SJ().withName("meet").withStoreName("sj"))
                    .groupByKey(Grouped.with(S, S)).count(Materialized.as("c")).toStream()
                    .to("out", Produced.with(S, L));
            }, randomInput(10 + kind.ordinal(), 150, "l", "r"));
        }
        add("aggregates-random", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.groupByKey().count(Materialized.as("c")).toStream().to("counts", Produced.with(S, L));
            s.groupBy((k, v) -> v == null ? null : v.substring(v.length() - 1), Grouped.with("g", S, S))
                .reduce((x, y) -> y.endsWith("3") ? null : y, Materialized.as("r")).toStream().to("reduced");
            s.groupByKey().aggregate(() -> 0L, (k, v, x) -> v.endsWith("7") ? null : x + v.length(),
                Materialized.<String, Long>as(Stores.inMemoryKeyValueStore("a")).withKeySerde(Serdes.String())
                    .withValueSerde(L)).toStream().to("lengths", Produced.with(S, L));
        }, randomInput(42, 200, "in"));
    }

    /** Few keys and close times, so that much meets; some records late, some null. */
    private static String randomInput(final int seed, final int records, final String... topics) {
        final Random random = new Random(seed);
        final String[] keys = {"a", "b", "ab", "c"};
        final StringBuilder input = new StringBuilder();
        long now = 1000;
        for (int i = 0; i < records; i++) {
            now += random.nextInt(8) == 0 ? random.nextInt(40) : random.nextInt(4);
            final long late = random.nextInt(4) == 0 ? random.nextInt(50) : 0;
            input.append(topics[random.nextInt(topics.length)]).append(' ')
                .append(random.nextInt(30) == 0 ? "null" : keys[random.nextInt(keys.length)]).append('=')
                .append(random.nextInt(30) == 0 ? "null" : "v" + i).append(" @").append(now - late)
                .append(random.nextInt(10) == 0 ? " h=" + String.format("%02x", i & 255) : "").append('\n');
        }
        return input.toString();
    }
}
