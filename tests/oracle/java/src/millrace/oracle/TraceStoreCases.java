// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/** Window stores in processors, joins in other kinds of stores, event time from values. */
final class TraceStoreCases extends Cases {
    TraceStoreCases() {
        family("processors");
        windowStores();
        family("joins");
        joins();
        family("streams");
        timestamps();
    }

    private void windowStore(final String name, final WindowBytesStoreSupplier supplier, final String input) {
        add(name, b -> {
            b.addStateStore(Stores.windowStoreBuilder(supplier, S, S));
            b.stream("in", C()).process(TraceProcessors.windowCommands("ws"), "ws").to("out", Produced.with(S, S));
        }, input);
    }

    private void windowStores() {
        // Segments are at least 60 s long in Java. So with a retention of 60 s, expired entries are still visible.
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
}
