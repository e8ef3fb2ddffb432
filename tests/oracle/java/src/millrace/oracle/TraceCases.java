// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Stateless operators, repartitioning, processors and aggregations, record by record. */
final class TraceCases extends Cases {
    TraceCases() {
        family("streams");
        stateless();
        routing();
        repartition();
        family("aggregations");
        aggregations();
        family("processors");
        processors();
    }

    private void stateless() {
        final String records = """
            in a=x @T
            in b=yy @T-5
            in a= @T+1 h=01
            in null=n @T+2
            in c=null @T+3
            in null=null @T+4 h=01 h=02 empty= nothing=null
            in longer key=some words @T+5
            """;
        add("filter", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.filter((k, v) -> "a".equals(k)).to("kept");
            s.filterNot((k, v) -> "a".equals(k)).to("rest");
        }, records);
        add("map", b -> {
            b.stream("in", C()).map((k, v) -> KeyValue.pair(v, k)).to("out");
        }, records);
        add("map-values", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.mapValues(v -> v == null ? "none" : v + "!").to("by-value");
            s.mapValues((k, v) -> k + ":" + v).to("by-key");
            s.mapValues(v -> (String) null).to("nulls");
        }, records);
        add("flat-map", b -> {
            b.stream("in", C()).flatMap((k, v) -> {
                final List<KeyValue<String, String>> pairs = new ArrayList<>();
                for (final String word : String.valueOf(v).split(" ")) pairs.add(KeyValue.pair(word, k));
                return pairs;
            }).to("out");
        }, records);
        add("flat-map-to-nothing", b -> {
            b.stream("in", C()).flatMap((k, v) -> List.<KeyValue<String, String>>of()).to("out");
        }, records);
        add("flat-map-values", b -> {
            b.stream("in", C()).flatMapValues(v -> List.of(String.valueOf(v).split(" "))).to("out");
        }, records);
        add("select-key", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.selectKey((k, v) -> v).to("by-value");
            s.selectKey((k, v) -> (String) null).to("no-key");
        }, records);
        add("peek-sees-every-record", b -> {
            final int[] seen = {0};
            b.stream("in", C()).peek((k, v) -> seen[0]++).mapValues(v -> Integer.toString(seen[0])).to("out");
        }, records);
        add("chain", b -> {
            b.stream("in", C()).filter((k, v) -> v != null).mapValues(v -> v.toUpperCase()).filterNot((k, v) ->
                v.isEmpty()).map((k, v) -> KeyValue.pair(v, k)).selectKey((k, v) -> k + k).to("out");
        }, records);
    }

    private void routing() {
        add("fan-out-in-order-of-creation", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.mapValues(v -> v + "1").to("out");
            s.to("out");
            s.mapValues(v -> v + "2").mapValues(v -> v + "3").to("out");
        }, """
            in a=x @1
            in a=y @2
            """);
        add("merge", b -> b.stream("a", C()).merge(b.stream("b", C()).mapValues(v -> v + v)).to("out"), """
            a k=1 @10
            b k=2 @5 h=ff
            a k=3 @7
            """);
        add("merge-with-itself", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.merge(s).to("same");
            s.mapValues(v -> v + "1").merge(s.mapValues(v -> v + "2")).merge(s).to("three");
        }, """
            in a=x @1
            """);
        add("source-of-several-topics", b -> b.stream(List.of("x", "y"), C()).to("out"), """
            x a=1 @3
            y a=2 @2
            x a=3 @1
            """);
        add("source-of-a-pattern", b -> b.stream(Pattern.compile("in-[ab]"), C()).to("out"), """
            in-a k=1 @3
            in-b k=2 @2
            """);
        add("split", b -> {
            Map<String, KStream<String, String>> m = b.stream("in", C()).split(Named.as("s-"))
                .branch((k, v) -> v.startsWith("a"), Branched.as("a"))
                .branch((k, v) -> v.endsWith("z"), Branched.as("z")).defaultBranch(Branched.as("rest"));
            m.get("s-a").to("out-a");
            m.get("s-z").to("out-z");
            m.get("s-rest").to("out-rest");
        }, """
            in k=az @1
            in k=bz @2 h=01
            in k=b @3
            in null=a @4
            """);
        add("split-without-default", b -> {
            b.stream("in", C()).split(Named.as("s-")).branch((k, v) -> v.startsWith("a"), Branched.as("a"))
                .noDefaultBranch().get("s-a").to("out");
        }, """
            in k=a @1
            in k=b @2
            """);
        add("topic-extractor", b -> b.stream("in", C()).to((k, v, context) -> "to-" + v + "-" + context.topic()), """
            in k=x @1
            in k=y @2 h=01
            in null=x @3
            """);
        add("print-and-for-each-are-ends", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.foreach((k, v) -> {});
            s.filter((k, v) -> false).print(Printed.toSysOut());
            s.to("out");
        }, """
            in k=x @1
            """);
    }

    private void repartition() {
        final String records = """
            in a=x @T h=31
            in b=x @T-5
            in null=y @T+1
            in c=null @T+2
            """;
        add("repartition-unnamed", b -> b.stream("in", C()).repartition(Repartitioned.with(S, S)).to("out"), records);
        add("repartition-named", b -> {
            b.stream("in", C()).selectKey((k, v) -> v)
                .repartition(Repartitioned.<String, String>as("spread").withNumberOfPartitions(3)).to("out");
        }, records);
        add("repartition-shared-by-grouping", b -> {
            KGroupedStream<String, String> g = b.stream("in", C()).groupBy((k, v) -> v, Grouped.with("g", S, S));
            g.count(Materialized.as("c")).toStream().to("counts", Produced.with(S, L));
            g.reduce((x, y) -> x + y, Materialized.as("r")).toStream().to("values", Produced.with(S, S));
        }, records);
        add("repartition-of-null-keys", b -> {
            b.stream("in", C()).selectKey((k, v) -> (String) null).groupByKey(Grouped.with("g", S, S))
                .count(Materialized.as("c")).toStream().to("out", Produced.with(S, L));
            b.stream("in2", C()).selectKey((k, v) -> (String) null).repartition(Repartitioned.as("kept")).to("out2");
        }, """
            in a=v @1
            in2 a=v @2
            """);
        add("pipeline-through-a-user-topic", b -> {
            b.stream("in", C()).selectKey((k, v) -> v).to("middle");
            b.stream("middle", C()).groupByKey().count(Materialized.as("c")).toStream().to("out", Produced.with(S, L));
        }, records);
    }

    private void aggregations() {
        final String records = """
            in a=x @T
            in a=y @T-5
            in b=z @T+1 h=31
            in a=null @T+5
            in null=v @T+6
            in a=w @T+7 h=32 h=33
            in b= @T-100
            """;
        add("count", b -> {
            b.stream("in", C()).groupByKey().count(Materialized.as("cnt")).toStream().to("out", Produced.with(S, L));
        }, records);
        add("count-unnamed", b -> {
            b.stream("in", C()).groupByKey().count().toStream().to("out", Produced.with(S, L));
        }, records);
        add("count-in-memory", b -> {
            b.stream("in", C()).groupByKey().count(Materialized.as(Stores.inMemoryKeyValueStore("cnt"))).toStream()
                .to("out", Produced.with(S, L));
        }, records);
        add("count-without-changelog", b -> {
            b.stream("in", C()).groupByKey()
                .count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("cnt").withLoggingDisabled())
                .toStream().to("out", Produced.with(S, L));
        }, records);
        add("count-group-by", b -> {
            b.stream("in", C()).groupBy((k, v) -> v, Grouped.with(S, S)).count(Materialized.as("cnt")).toStream()
                .to("out", Produced.with(S, L));
        }, records);
        add("count-of-several-per-record", b -> {
            b.stream("in", C()).flatMapValues(v -> List.of(v.split(","))).groupByKey().count(Materialized.as("c"))
                .toStream().to("out", Produced.with(S, L));
        }, """
            in a=x,y,z @T
            in a=x @T-5
            """);
        add("reduce", b -> {
            b.stream("in", C()).groupByKey().reduce((x, y) -> x + y, Materialized.as("red")).toStream().to("out");
        }, records);
        add("reduce-to-null-deletes", b -> {
            b.stream("in", C()).groupByKey().reduce((x, y) -> y.equals("drop") ? null : x + y, Materialized.as("red"))
                .toStream().to("out");
        }, """
            in a=1 @T
            in a=2 @T+1
            in a=drop @T-1
            in a=3 @T-2
            in a=4 @T-3
            """);
        add("aggregate", b -> {
            b.stream("in", C()).groupByKey()
                .aggregate(() -> "0", (k, v, x) -> x + "," + k + v, Materialized.as("agg")).toStream().to("out");
        }, records);
        add("aggregate-to-null-deletes", b -> {
            b.stream("in", C()).groupByKey()
                .aggregate(() -> "0", (k, v, x) -> v.equals("drop") ? null : x + v, Materialized.as("agg"))
                .toStream().to("out");
        }, """
            in a=drop @T
            in a=1 @T-1
            in a=drop @T-2
            in a=2 @T-3
            """);
        add("aggregate-to-another-type", b -> {
            b.stream("in", C()).groupByKey()
                .aggregate(() -> 0L, (k, v, x) -> x + v.length(), Materialized.with(S, L)).toStream()
                .to("out", Produced.with(S, L));
        }, records);
        add("aggregate-of-an-aggregate", b -> {
            b.stream("in", C()).groupByKey().count(Materialized.as("c")).toStream()
                .map((k, v) -> KeyValue.pair("total", v.toString())).groupByKey(Grouped.with("g", S, S))
                .reduce((x, y) -> x + "+" + y, Materialized.as("t")).toStream().to("out");
        }, records);
        add("word-count", b -> {
            b.stream("text", C()).flatMapValues(v -> List.of(v.toLowerCase().split(" ")))
                .groupBy((k, word) -> word, Grouped.with(S, S)).count(Materialized.as("counts")).toStream()
                .to("counts-out", Produced.with(S, L));
        }, """
            text null=Hello Kafka Streams @T
            text null=hello streams @T+10
            text k=kafka kafka @T+5
            """);
    }

    private void processors() {
        add("process-with-store", b -> {
            b.addStateStore(store("st"));
            b.stream("in", C()).process(TraceProcessors.remember("st"), "st").to("out", Produced.with(S, S));
        }, """
            in a=1 @T
            in a=2 @T-5 h=31
            in b=3 @T+1
            in a=null @T+2
            in a=4 @T+3
            """);
        add("process-values-with-store", b -> {
            b.addStateStore(store("st"));
            b.stream("in", C()).processValues(TraceProcessors.rememberValues("st"), "st")
                .to("out", Produced.with(S, S));
        }, """
            in a=1 @T
            in a=2 @T-5 h=31
            in b=3 @T+1
            """);
        add("process-shared-store", b -> {
            b.addStateStore(store("st"));
            b.stream("a", C()).process(TraceProcessors.remember("st"), "st").to("out-a", Produced.with(S, S));
            b.stream("b", C()).process(TraceProcessors.remember("st"), "st").to("out-b", Produced.with(S, S));
        }, """
            a k=1 @1
            b k=2 @2
            a k=3 @3
            """);
        add("process-store-without-changelog", b -> {
            b.addStateStore(store("st").withLoggingDisabled());
            b.stream("in", C()).process(TraceProcessors.remember("st"), "st").to("out", Produced.with(S, S));
        }, """
            in a=1 @1
            in a=2 @2
            """);
        add("process-range-and-delete", b -> {
            b.addStateStore(store("st"));
            b.stream("in", C()).process(TraceProcessors.listStore("st"), "st").to("out", Produced.with(S, S));
        }, """
            in b=2 @1
            in a=1 @2
            in c=3 @3
            in list=all @4
            in list=b..c @5
            in list=reverse @6
            in list=delete b @7
            in list=delete b @8
            in list=all @9
            in list=put-if-absent a @10
            in list=put-if-absent d @11
            in list=all @12
            """);
        add("process-context", b -> {
            b.stream("in", C()).process(TraceProcessors.context()).to("out", Produced.with(S, S));
        }, """
            in a=1 @T h=31
            in null=null @T+1
            """);
        add("process-forward-timestamps-and-headers", b -> {
            b.stream("in", C()).process(TraceProcessors.forwardVariants()).to("out", Produced.with(S, S));
        }, """
            in a=1 @T h=31
            in a=2 @5
            """);
        add("process-then-count", b -> {
            b.stream("in", C()).process(TraceProcessors.forwardVariants()).groupByKey(Grouped.with("g", S, S))
                .count(Materialized.as("c")).toStream().to("out", Produced.with(S, L));
        }, """
            in a=1 @T
            in b=2 @5 h=31
            """);
        add("punctuation", b -> {
            b.stream("in", C()).process(TraceProcessors.punctuate(ms(10), ms(10))).to("out", Produced.with(S, S));
        }, """
            in a=1 @103
            in a=1 @109
            in a=1 @110
            in a=1 @104
            in a=1 @145
            advanceWallClockTime 35
            advanceWallClockTime 5
            advanceWallClockTime 4
            advanceWallClockTime 1
            in a=1 @146
            in a=1 @150
            """);
        add("punctuation-of-a-store", b -> {
            b.addStateStore(store("st"));
            b.stream("in", C()).process(TraceProcessors.flushEvery("st", ms(100)), "st")
                .to("out", Produced.with(S, S));
        }, """
            in a=1 @1000
            in b=2 @1050 h=31
            in a=3 @1099
            in c=4 @1100
            in a=5 @1020
            in a=6 @1450
            """);
        add("punctuation-cancelled", b -> {
            b.stream("in", C()).process(TraceProcessors.punctuateTimes(2, ms(10))).to("out", Produced.with(S, S));
        }, """
            in a=1 @5
            in a=1 @10
            in a=1 @20
            in a=1 @30
            advanceWallClockTime 10
            advanceWallClockTime 10
            advanceWallClockTime 10
            """);
    }
}
