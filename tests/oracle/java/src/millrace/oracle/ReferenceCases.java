// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.Stores;

/** A tour of the whole DSL, one idea per case. */
final class ReferenceCases extends Cases {
    ReferenceCases() {
        family("reference");
        add("01-stateless-chain", b -> {
            KStream<String,String> s = b.stream("in", C());
            s.filter((k,v)->true).filterNot((k,v)->false).mapValues(v->v).map((k,v)->KeyValue.pair(k,v))
             .flatMap((k,v)->List.of(KeyValue.pair(k,v))).flatMapValues(v->List.of(v)).selectKey((k,v)->k)
             .peek((k,v)->{}).to("out");
            s.foreach((k,v)->{}); s.print(Printed.toSysOut());
        });
        add("02-count-groupbykey", b -> {
            b.stream("in", C()).groupByKey().count().toStream().to("out", Produced.with(S, L));
        });
        add("03-wordcount-groupby-count", b -> {
            b.stream("in", C()).flatMapValues(v->List.of(v.split(" "))).groupBy((k,v)->v, Grouped.with(S,S))
             .count().toStream().to("out", Produced.with(S, L));
        });
        add("04-count-materialized-unnamed-burns-one", b -> {
            b.stream("in", C()).groupBy((k,v)->v, Grouped.with(S,S))
             .count(Materialized.with(S, L)).toStream().to("out", Produced.with(S, L));
        });
        add("05-count-named-store-and-grouped", b -> {
            b.stream("in", C()).groupBy((k,v)->v, Grouped.with("by-word", S,S))
             .count(Named.as("cnt"), Materialized.as("counts")).toStream(Named.as("ts"))
             .to("out", Produced.<String,Long>as("sink").withKeySerde(S).withValueSerde(L));
        });
        add("06-reduce-aggregate", b -> {
            KGroupedStream<String,String> g = b.stream("in", C()).map((k,v)->KeyValue.pair(v,k))
                .groupByKey(Grouped.with(S,S));
            g.reduce((x,y)->y).toStream().to("o1");
            g.aggregate(()->"", (k,v,x)->v, Materialized.with(S,S)).toStream().to("o2");
        });
        add("07-windowed-count-suppress", b -> {
            b.stream("in", C()).groupByKey()
                .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMinutes(1), Duration.ofSeconds(5)))
             .count().suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())).toStream()
             .to("out");
        });
        add("08-windowed-variants", b -> {
            KGroupedStream<String,String> g = b.stream("in", C()).groupByKey();
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofMinutes(1))).count(Materialized.with(S,L))
                .toStream().to("o1");
            g.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(Duration.ofMinutes(1)))
                .count(Materialized.with(S,L)).toStream().to("o2");
            g.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(Duration.ofMinutes(1)))
                .count(Materialized.with(S,L)).toStream().to("o3");
            g.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(Duration.ofMinutes(1))).reduce((x,y)->y)
                .toStream().to("o4");
            g.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(Duration.ofMinutes(1)))
                .aggregate(()->"",(k,v,x)->v,(k,x,y)->x).toStream().to("o5");
        });
        add("09-cogroup", b -> {
            KGroupedStream<String,String> g1 = b.stream("in1", C()).groupByKey();
            KGroupedStream<String,String> g2 = b.stream("in2", C()).groupBy((k,v)->v, Grouped.with(S,S));
            g1.cogroup((String k,String v,String x)->x+v).cogroup(g2,(k,v,x)->x+v)
                .aggregate(()->"", Materialized.with(S,S)).toStream().to("out");
        });
        add("10-stream-stream-inner-join", b -> {
            b.stream("l", C())
                .join(b.stream("r", C()), (x,y)->x+y,
                JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.with(S,S,S)).to("out");
        });
        add("11-stream-stream-left-join-rekeyed", b -> {
            b.stream("l", C()).selectKey((k,v)->v)
                .leftJoin(b.stream("r", C())
                .map((k,v)->KeyValue.pair(v,k)), (x,y)->x+y,
                JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)),
                    StreamJoined.with(S,S,S)).to("out");
        });
        add("12-stream-stream-outer-join-named", b -> {
            b.stream("l", C()).selectKey((k,v)->v)
                .outerJoin(b.stream("r", C()), (x,y)->x+y,
                JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)),
                    StreamJoined.with(S,S,S).withName("oj").withStoreName("ojs")).to("out");
        });
        add("13-stream-stream-outer-join", b -> {
            b.stream("l", C())
                .outerJoin(b.stream("r", C()), (x,y)->x+y,
                JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)),
                    StreamJoined.with(S,S,S)).to("out");
        });
        add("14-table-filter-mapvalues-join", b -> {
            KTable<String,String> t1 = b.table("t1", C());
            KTable<String,String> t2 = b.table("t2", C(), Materialized.as("t2-store"));
            t1.filter((k,v)->true).join(t2.mapValues(v->v), (x,y)->x+y).toStream().to("out");
            t1.leftJoin(t2, (x,y)->x+y, Materialized.with(S,S));
            t1.outerJoin(t2, (x,y)->x+y, Named.as("oj"), Materialized.as("ojs"));
            t2.filter((k,v)->true, Materialized.with(S,S)).mapValues(v->v, Materialized.with(S,S));
        });
        add("15-table-groupby-aggregate", b -> {
            KTable<String,String> t = b.table("t", C());
            t.groupBy((k,v)->KeyValue.pair(v,k), Grouped.with(S,S)).count().toStream().to("o1", Produced.with(S,L));
            t.groupBy((k,v)->KeyValue.pair(v,k), Grouped.with("g",S,S))
                .reduce((x,y)->y,(x,y)->x, Named.as("red"), Materialized.with(S,S)).toStream().to("o2");
        });
        add("16-stream-table-joins", b -> {
            KTable<String,String> t = b.table("t", C());
            GlobalKTable<String,String> g = b.globalTable("g", C());
            KStream<String,String> s = b.stream("s", C());
            s.join(t, (x,y)->x+y).to("o1");
            s.selectKey((k,v)->v).leftJoin(t, (x,y)->x+y, Joined.with(S,S,S)).to("o2");
            s.join(g, (k,v)->v, (x,y)->x+y).to("o3");
            s.leftJoin(g, (k,v)->v, (x,y)->x+y).to("o4");
            s.map((k,v)->KeyValue.pair(v,k))
                .join(t, (x,y)->x+y, Joined.<String,String,String>as("sj").withKeySerde(S).withValueSerde(S))
                .to("o5", Produced.with(S,S));
        });
        add("17-fk-join", b -> {
            KTable<String,String> l = b.table("l", C());
            KTable<String,String> r = b.table("r", C());
            l.join(r, v->v, (x,y)->x+y, Materialized.with(S,S)).toStream().to("out");
        });
        add("18-fk-leftjoin-named", b -> {
            KTable<String,String> l = b.table("l", C());
            KTable<String,String> r = b.table("r", C());
            l.leftJoin(r, v->v, (x,y)->x+y, TableJoined.as("fkj"), Materialized.as("fkj-store")).toStream().to("out");
        });
        add("19-branch-merge-repartition-totable", b -> {
            KStream<String,String> s = b.stream(List.of("a","b"), C());
            Map<String,KStream<String,String>> m = s.split(Named.as("br-")).branch((k,v)->true, Branched.as("x"))
                .branch((k,v)->true).defaultBranch();
            m.get("br-x").merge(m.get("br-0")).to("o1", Produced.with(S,S));
            Map<String,KStream<String,String>> m2 = s.split().branch((k,v)->true).noDefaultBranch();
            m2.values().iterator().next().repartition().toTable(Materialized.as("tbl"));
            s.repartition(Repartitioned.<String,String>as("rp").withNumberOfPartitions(3)).to("o2");
            s.selectKey((k,v)->v).toTable(Materialized.with(S,S)).toStream().to("o3");
        });
        add("20-process-processvalues", b -> {
            b.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("st"), S, S));
            KStream<String,String> s = b.stream("in", C());
            s.process(swallow(), "st").to("o1", Produced.with(S,S));
            s.processValues(swallowValues(), Named.as("pv"), "st").to("o2", Produced.with(S,S));
            s.peek((k,v)->{});
        });
        add("21-optimization-none", b -> {
            KStream<String,String> s = b.stream("in", C()).selectKey((k,v)->v);
            s.groupByKey(Grouped.with(S,S)).count().toStream().to("o1", Produced.with(S,L));
            s.groupByKey(Grouped.with(S,S)).reduce((x,y)->y).toStream().to("o2", Produced.with(S,S));
            s.filter((k,v)->true).join(b.table("t", C()), (x,y)->x+y, Joined.with(S,S,S))
                .to("o3", Produced.with(S,S));
        });
        add("22-optimization-all", Map.of("topology.optimization", "all"), b -> {
            KStream<String,String> s = b.stream("in", C()).selectKey((k,v)->v);
            s.groupByKey(Grouped.with(S,S)).count().toStream().to("o1", Produced.with(S,L));
            s.groupByKey(Grouped.with(S,S)).reduce((x,y)->y).toStream().to("o2", Produced.with(S,S));
            s.filter((k,v)->true).join(b.table("t", C()), (x,y)->x+y, Joined.with(S,S,S))
                .to("o3", Produced.with(S,S));
        });
        add("23-self-join-unoptimized", b -> {
            KStream<String,String> s = b.stream("in", C());
            s.join(s, (x,y)->x+y, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)),
                StreamJoined.with(S,S,S)).to("out", Produced.with(S,S));
        });
        add("24-self-join-single-store", Map.of("topology.optimization", "single.store.self.join"), b -> {
            KStream<String,String> s = b.stream("in", C());
            s.join(s, (x,y)->x+y, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)),
                StreamJoined.with(S,S,S)).to("out", Produced.with(S,S));
        });
        add("25-emit-on-window-close", b -> {
            b.stream("in", C()).groupByKey()
                .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMinutes(1), Duration.ofSeconds(5)))
             .emitStrategy(EmitStrategy.onWindowClose()).count(Materialized.as("w")).toStream().to("out");
        });
        add("26-versioned-table-grace-join", b -> {
            KTable<String,String> t = b.table("t", C(),
                Materialized.as(Stores.persistentVersionedKeyValueStore("vt", Duration.ofMinutes(10))));
            b.stream("s", C()).join(t, (x,y)->x+y, Joined.with(S,S,S,null,Duration.ofMinutes(1)))
                .to("out", Produced.with(S,S));
        });
        add("27-table-tostream-mapper-rekey", b -> {
            b.table("t", C()).toStream((k,v)->v).groupByKey(Grouped.with(S,S)).count().toStream()
                .to("out", Produced.with(S,L));
        });
        add("28-suppress-named-and-timelimit", b -> {
            KTable<String,String> t = b.table("t", C());
            t.suppress(Suppressed.untilTimeLimit(Duration.ofSeconds(5), Suppressed.BufferConfig.maxRecords(10)))
                .toStream().to("o1", Produced.with(S,S));
            t.suppress(Suppressed.<String>untilTimeLimit(Duration.ofSeconds(5),
                Suppressed.BufferConfig.maxRecords(10)).withName("sup")).toStream().to("o2", Produced.with(S,S));
        });
    }
}
