// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.SessionStore;

/** Windowed aggregations, record by record. */
final class TraceWindowCases extends Cases {
    /** A long retention. Without it, Kafka Streams loses results on window close when stream time jumps. */
    private static final long LONG = 1_000_000;

    TraceWindowCases() {
        family("windows");
        timelines();
        grouping();
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
        // A third of the records out of order, some late, some null.
        final String input = """
            in a=0 @1042 h=00
            in a=1 @1043
            in a=2 @1037
            in a=3 @1035
            in b=4 @1055
            in a=5 @1057
            in a=null @1054
            in b=7 @1059
            in c=8 @1065
            in null=9 @1070
            in c=10 @1065
            in a=11 @1077 h=01
            in c=12 @1081
            in ab=13 @1087
            in c=14 @1094 h=04
            in a=15 @1098 h=05
            in c=16 @1105
            in ab=17 @1105
            in a=18 @1106
            in b=null @1108
            in c=20 @1108
            in ab=21 @1117
            in c=22 @1122
            in b=23 @1120 h=03
            in ab=24 @1125 h=04
            in ab=25 @1131
            in c=26 @1107
            in c=27 @1132 h=07
            """;
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
}
