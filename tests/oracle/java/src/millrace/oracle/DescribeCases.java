// SPDX-License-Identifier: Apache-2.0
package millrace.oracle;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.RecordContext;
import org.apache.kafka.streams.processor.TopicNameExtractor;

/** Sources, sinks, stateless operators, repartitioning and processors: what is numbered, named and connected. */
final class DescribeCases extends Cases {
    /** describe() prints the extractor's toString(). */
    static final class TopicByValue implements TopicNameExtractor<String, String> {
        @Override
        public String extract(final String key, final String value, final RecordContext context) {
            return value;
        }

        @Override
        public String toString() {
            return "TopicByValue";
        }
    }

    DescribeCases() {
        family("streams");
        sourcesAndSinks();
        stateless();
        mergeAndSplit();
        repartition();
        processors();
        sizesAndOrders();
    }

    private void sourcesAndSinks() {
        add("source-several-topics", b -> b.stream(List.of("zebra", "in", "a", "orders", "b"), C()).to("out"));
        add("source-twelve-topics", b -> {  // the load factor at which a copied hash table is larger than a grown one
            b.stream(List.of("t01", "t02", "t03", "t04", "t05", "t06", "t07", "t08", "t09", "t10", "t11", "t12"), C())
                .to("out");
        });
        add("source-thirteen-topics", b -> {
            b.stream(List.of("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
                "lambda", "mu", "nu"), C()).to("out");
        });
        add("source-pattern", b -> b.stream(Pattern.compile("in-[a-z]+(\\.v[0-9])?"), C()).to("out"));
        add("source-pattern-read-twice", b -> {
            b.stream(Pattern.compile("in-.*"), C()).to("o1");
            b.stream(Pattern.compile("in-.*"), C()).filter((k, v) -> true).to("o2");
        });
        add("source-same-topic-twice", b -> {
            b.stream("in", C()).mapValues(v -> v).to("o1");
            b.stream("in", C()).filter((k, v) -> true).to("o2");
        });
        add("source-same-topics-twice", b -> {
            b.stream(List.of("x", "y"), C()).to("o1");
            b.stream(List.of("y", "x"), C()).to("o2");
            b.stream("z", C()).to("o3");
        });
        add("source-and-sink-named", b -> {
            b.stream("in", Consumed.with(S, S).withName("my-source")).mapValues(v -> v, Named.as("my-map"))
                .to("out", Produced.<String, String>as("my-sink"));
        });
        add("source-without-successor", b -> b.stream("in", C()));
        add("sink-topic-extractor", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.to(new TopicByValue());
            s.to(new TopicByValue(), Produced.<String, String>as("routed").withKeySerde(S).withValueSerde(S));
        });
        add("sinks-on-one-topic", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.to("out");
            s.filter((k, v) -> true).to("out");
        });
        add("independent-sub-topologies", b -> {
            b.stream("in1", C()).to("out1");
            b.stream("in2", C()).peek((k, v) -> {}).to("out2");
            b.stream("in3", C()).filterNot((k, v) -> true).to("out3");
        });
        add("pipeline-through-a-user-topic", b -> {
            b.stream("in", C()).selectKey((k, v) -> v).to("middle");
            b.stream("middle", C()).groupByKey().count().toStream().to("out", Produced.with(S, L));
        });
    }

    private void stateless() {
        add("stateless-every-operator", b -> {
            b.stream("in", C())
                .map((k, v) -> KeyValue.pair(k, v)).mapValues(v -> v).mapValues((k, v) -> v)
                .flatMap((k, v) -> List.of(KeyValue.pair(k, v))).flatMapValues(v -> List.of(v))
                .flatMapValues((k, v) -> List.of(v)).filter((k, v) -> true).filterNot((k, v) -> false)
                .selectKey((k, v) -> v).peek((k, v) -> {}).to("out");
        });
        add("stateless-every-operator-named", b -> {
            KStream<String, String> s = b.stream("in", Consumed.with(S, S).withName("source"));
            s.map((k, v) -> KeyValue.pair(k, v), Named.as("map")).mapValues(v -> v, Named.as("map-values"))
                .flatMap((k, v) -> List.of(KeyValue.pair(k, v)), Named.as("flat-map"))
                .flatMapValues(v -> List.of(v), Named.as("flat-map-values"))
                .filter((k, v) -> true, Named.as("filter")).filterNot((k, v) -> false, Named.as("filter-not"))
                .selectKey((k, v) -> v, Named.as("select-key")).peek((k, v) -> {}, Named.as("peek"))
                .to("out", Produced.<String, String>as("sink").withKeySerde(S).withValueSerde(S));
            s.foreach((k, v) -> {}, Named.as("for-each"));
            s.print(Printed.<String, String>toSysOut().withName("print"));
        });
        add("stateless-names-burn-numbers", b -> {
            b.stream("in", C()).filter((k, v) -> true, Named.as("first")).mapValues(v -> v)
                .filter((k, v) -> true, Named.as("second")).mapValues(v -> v).to("out");
        });
        add("stateless-ends", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.foreach((k, v) -> {});
            s.print(Printed.toSysOut());
            s.print(Printed.<String, String>toSysOut().withLabel("label"));
            s.peek((k, v) -> {});
            s.mapValues(v -> v);
        });
        add("stateless-fan-out", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.filter((k, v) -> true).to("o1");
            s.mapValues(v -> v).filter((k, v) -> true).to("o2");
            s.flatMapValues(v -> List.of(v)).mapValues(v -> v).mapValues(v -> v).to("o3");
            s.to("o4");
        });
    }

    private void mergeAndSplit() {
        add("merge-two-topics", b -> b.stream("a", C()).merge(b.stream("b", C())).to("out"));
        add("merge-three-topics", b -> {
            b.stream("a", C()).merge(b.stream("b", C())).merge(b.stream("c", C())).mapValues(v -> v).to("out");
        });
        add("merge-named", b -> b.stream("a", C()).merge(b.stream("b", C()), Named.as("both")).to("out"));
        add("merge-branches-of-one-stream", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.filter((k, v) -> true).merge(s.mapValues(v -> v).mapValues(v -> v)).merge(s).to("out");
        });
        add("merge-with-itself", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.merge(s).to("out");
        });
        add("merge-rekeyed", b -> {
            b.stream("a", C()).selectKey((k, v) -> v).merge(b.stream("b", C())).groupByKey().count().toStream()
                .to("out", Produced.with(S, L));
        });
        add("merge-rekeyed-on-the-right", b -> {
            b.stream("a", C()).merge(b.stream("b", C()).map((k, v) -> KeyValue.pair(v, k)))
                .groupByKey(Grouped.as("merged")).reduce((x, y) -> y).toStream().to("out");
        });
        add("split-unnamed", b -> {
            Map<String, KStream<String, String>> m = b.stream("in", C()).split()
                .branch((k, v) -> v.startsWith("a")).branch((k, v) -> v.startsWith("b")).defaultBranch();
            m.get("KSTREAM-BRANCH-00000000011").to("out-1");
            m.get("KSTREAM-BRANCH-00000000012").to("out-2");
            m.get("KSTREAM-BRANCH-00000000010").to("out-rest");
        });
        add("split-named", b -> {
            Map<String, KStream<String, String>> m = b.stream("in", C()).split(Named.as("kind-"))
                .branch((k, v) -> v.startsWith("a"), Branched.as("a")).branch((k, v) -> v.startsWith("b"))
                .defaultBranch(Branched.as("rest"));
            m.get("kind-a").to("out-a");
            m.get("kind-2").to("out-2");
            m.get("kind-rest").to("out-rest");
        });
        add("split-with-consumers", b -> {
            b.stream("in", C()).split(Named.as("by-"))
                .branch((k, v) -> v.startsWith("a"), Branched.withConsumer(s -> s.to("out-a")))
                .branch((k, v) -> v.startsWith("b"), Branched.withFunction(s -> s.mapValues(v -> v), "mapped"))
                .noDefaultBranch().get("by-mapped").to("out-b");
        });
        add("split-then-merge", b -> {
            Map<String, KStream<String, String>> m = b.stream("in", C()).split(Named.as("s-"))
                .branch((k, v) -> v.isEmpty(), Branched.as("empty")).defaultBranch(Branched.as("full"));
            m.get("s-full").selectKey((k, v) -> v).merge(m.get("s-empty")).groupByKey().count().toStream()
                .to("out", Produced.with(S, L));
        });
    }

    private void repartition() {
        add("repartition-unnamed", b -> b.stream("in", C()).repartition().to("out"));
        add("repartition-with-serdes", b -> b.stream("in", C()).repartition(Repartitioned.with(S, S)).to("out"));
        add("repartition-named", b -> b.stream("in", C()).repartition(Repartitioned.as("spread")).to("out"));
        add("repartition-with-partitions", b -> {
            b.stream("in", C()).repartition(Repartitioned.<String, String>numberOfPartitions(4)).mapValues(v -> v)
                .to("out");
        });
        add("repartition-named-with-partitions", b -> {
            b.stream("in", C())
                .repartition(Repartitioned.<String, String>as("spread").withNumberOfPartitions(4).withKeySerde(S))
                .to("out");
        });
        add("repartition-name-with-suffix", b -> {
            b.stream("in", C()).repartition(Repartitioned.as("spread-repartition")).to("out");
        });
        add("repartition-makes-grouping-free", b -> {
            b.stream("in", C()).selectKey((k, v) -> v).repartition().groupByKey().count().toStream()
                .to("out", Produced.with(S, L));
        });
        add("repartition-twice", b -> {
            KStream<String, String> s = b.stream("in", C());
            s.repartition().to("o1");
            s.repartition().to("o2");
            s.repartition(Repartitioned.as("named")).repartition(Repartitioned.as("again")).to("o3");
        });
    }

    private void processors() {
        add("process-unnamed", b -> b.stream("in", C()).process(swallow()).to("out", Produced.with(S, S)));
        add("process-named", b -> {
            b.stream("in", C()).process(swallow(), Named.as("mine")).mapValues(v -> v).to("out", Produced.with(S, S));
        });
        add("process-values-unnamed", b -> {
            b.stream("in", C()).processValues(swallowValues()).mapValues(v -> v).to("out", Produced.with(S, S));
        });
        add("process-with-several-stores", b -> {
            b.addStateStore(store("zulu")).addStateStore(store("alpha")).addStateStore(store("mike"));
            b.stream("in", C()).process(swallow(), Named.as("mine"), "mike", "zulu", "alpha")
                .to("out", Produced.with(S, S));
        });
        add("process-sharing-a-store", b -> {
            b.addStateStore(store("shared"));
            b.stream("a", C()).process(swallow(), "shared").to("out-a", Produced.with(S, S));
            b.stream("lonely", C()).to("out-lonely");
            b.stream("b", C()).processValues(swallowValues(), "shared").to("out-b", Produced.with(S, S));
        });
        add("process-rekeys", b -> {
            b.stream("in", C()).process(swallow()).groupByKey(Grouped.with(S, S)).count().toStream()
                .to("out", Produced.with(S, L));
        });
        add("process-values-keeps-the-key", b -> {
            b.stream("in", C()).processValues(swallowValues()).groupByKey(Grouped.with(S, S)).count().toStream()
                .to("out", Produced.with(S, L));
        });
        add("process-is-an-end", b -> {
            b.addStateStore(store("st"));
            b.stream("in", C()).process(swallow(), "st");
        });
        add("process-global-store", b -> {
            b.addGlobalStore(store("everywhere"), "reference", C(), swallowGlobal());
            b.stream("in", C()).process(swallow()).to("out", Produced.with(S, S));
        });
    }

    private void sizesAndOrders() {
        add("many-branches", b -> {  // more nodes than a hash table holds before it grows, twice
            KStream<String, String> s = b.stream("in", C());
            for (int i = 0; i < 20; i++) s.filter((k, v) -> true).mapValues(v -> v).to("out-" + i);
        });
        add("unequal-branches", b -> {
            KStream<String, String> s = b.stream("in", C());
            for (int i = 0; i < 8; i++) {
                KStream<String, String> branch = s;
                for (int j = 0; j < (i * 5) % 8; j++) branch = branch.mapValues(v -> v);
                branch.to("out-" + i);
            }
        });
        add("diamonds", b -> {
            KStream<String, String> s = b.stream("in", C());
            for (int i = 0; i < 6; i++) s = s.filter((k, v) -> true).merge(s.filterNot((k, v) -> true));
            s.to("out");
        });
        add("many-named-branches", b -> {
            KStream<String, String> s = b.stream("in", C());
            for (final String name : List.of("red", "orange", "yellow", "green", "blue", "indigo", "violet", "white",
                "black", "grey", "pink", "brown", "cyan", "magenta")) {
                s.filter((k, v) -> true, Named.as(name)).to("out", Produced.<String, String>as(name + "-sink"));
            }
        });
    }
}
