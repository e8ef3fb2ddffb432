// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/cases.hpp"
#include "oracle/cpp/topic_by_value.hpp"

// The C++ counterparts of DescribeCases.java.

namespace oracle {
namespace {

using millrace::Branched;
using millrace::Consumed;
using millrace::Grouped;
using millrace::Pattern;
using millrace::Printed;
using millrace::Produced;
using millrace::Repartitioned;
using millrace::Stores;

void sources_and_sinks(Cases& cases) {
  cases["source-several-topics"] = [](StreamsBuilder& b) {
    b.stream<S, S>({"zebra", "in", "a", "orders", "b"}).to("out");
  };
  cases["source-twelve-topics"] = [](StreamsBuilder& b) {
    b.stream<S, S>({"t01", "t02", "t03", "t04", "t05", "t06", "t07", "t08", "t09", "t10", "t11", "t12"}).to("out");
  };
  cases["source-thirteen-topics"] = [](StreamsBuilder& b) {
    b.stream<S, S>(
         {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"})
        .to("out");
  };
  cases["source-pattern"] = [](StreamsBuilder& b) { b.stream<S, S>(Pattern{R"(in-[a-z]+(\.v[0-9])?)"}).to("out"); };
  cases["source-pattern-read-twice"] = [](StreamsBuilder& b) {
    b.stream<S, S>(Pattern{"in-.*"}).to("o1");
    b.stream<S, S>(Pattern{"in-.*"}).filter(always()).to("o2");
  };
  cases["source-same-topic-twice"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").map_values(same()).to("o1");
    b.stream<S, S>("in").filter(always()).to("o2");
  };
  cases["source-same-topics-twice"] = [](StreamsBuilder& b) {
    b.stream<S, S>({"x", "y"}).to("o1");
    b.stream<S, S>({"y", "x"}).to("o2");
    b.stream<S, S>("z").to("o3");
  };
  cases["source-and-sink-named"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in", Consumed::as("my-source"))
        .map_values(same(), Named::as("my-map"))
        .to("out", Produced::as("my-sink"));
  };
  cases["source-without-successor"] = [](StreamsBuilder& b) { b.stream<S, S>("in"); };
  cases["sink-topic-extractor"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    s.to(TopicByValue());
    s.to(TopicByValue(), Produced::as("routed"));
  };
  cases["sinks-on-one-topic"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    s.to("out");
    s.filter(always()).to("out");
  };
  cases["independent-sub-topologies"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in1").to("out1");
    b.stream<S, S>("in2").peek(nothing()).to("out2");
    b.stream<S, S>("in3").filter_not(always()).to("out3");
  };
  cases["pipeline-through-a-user-topic"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").select_key(value_as_key()).to("middle");
    b.stream<S, S>("middle").group_by_key().count().to_stream().to("out");
  };
}

void stateless(Cases& cases) {
  cases["stateless-every-operator"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in")
        .map(same_pair())
        .map_values(same())
        .map_values([](const S&, const S& value) { return value; })
        .flat_map(one_pair())
        .flat_map_values(one_value())
        .flat_map_values([](const S&, const S& value) { return std::vector<S>{value}; })
        .filter(always())
        .filter_not(always())
        .select_key(value_as_key())
        .peek(nothing())
        .to("out");
  };
  cases["stateless-every-operator-named"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in", Consumed::as("source"));
    s.map(same_pair(), Named::as("map"))
        .map_values(same(), Named::as("map-values"))
        .flat_map(one_pair(), Named::as("flat-map"))
        .flat_map_values(one_value(), Named::as("flat-map-values"))
        .filter(always(), Named::as("filter"))
        .filter_not(always(), Named::as("filter-not"))
        .select_key(value_as_key(), Named::as("select-key"))
        .peek(nothing(), Named::as("peek"))
        .to("out", Produced::as("sink"));
    s.for_each(nothing(), Named::as("for-each"));
    s.print(Printed::to_sys_out().with_name("print"));
  };
  cases["stateless-names-burn-numbers"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in")
        .filter(always(), Named::as("first"))
        .map_values(same())
        .filter(always(), Named::as("second"))
        .map_values(same())
        .to("out");
  };
  cases["stateless-ends"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    s.for_each(nothing());
    s.print(Printed::to_sys_out());
    s.print(Printed::to_sys_out().with_label("label"));
    s.peek(nothing());
    s.map_values(same());
  };
  cases["stateless-fan-out"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    s.filter(always()).to("o1");
    s.map_values(same()).filter(always()).to("o2");
    s.flat_map_values(one_value()).map_values(same()).map_values(same()).to("o3");
    s.to("o4");
  };
}

void merge_and_split(Cases& cases) {
  cases["merge-two-topics"] = [](StreamsBuilder& b) { b.stream<S, S>("a").merge(b.stream<S, S>("b")).to("out"); };
  cases["merge-three-topics"] = [](StreamsBuilder& b) {
    b.stream<S, S>("a").merge(b.stream<S, S>("b")).merge(b.stream<S, S>("c")).map_values(same()).to("out");
  };
  cases["merge-named"] = [](StreamsBuilder& b) {
    b.stream<S, S>("a").merge(b.stream<S, S>("b"), Named::as("both")).to("out");
  };
  cases["merge-branches-of-one-stream"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    s.filter(always()).merge(s.map_values(same()).map_values(same())).merge(s).to("out");
  };
  cases["merge-with-itself"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    s.merge(s).to("out");
  };
  cases["merge-rekeyed"] = [](StreamsBuilder& b) {
    b.stream<S, S>("a")
        .select_key(value_as_key())
        .merge(b.stream<S, S>("b"))
        .group_by_key()
        .count()
        .to_stream()
        .to("out");
  };
  cases["merge-rekeyed-on-the-right"] = [](StreamsBuilder& b) {
    b.stream<S, S>("a")
        .merge(b.stream<S, S>("b").map(swapped()))
        .group_by_key(Grouped::as("merged"))
        .reduce(last())
        .to_stream()
        .to("out");
  };
  cases["split-unnamed"] = [](StreamsBuilder& b) {
    const auto m = b.stream<S, S>("in").split().branch(always()).branch(always()).default_branch();
    m.at("KSTREAM-BRANCH-00000000011").to("out-1");
    m.at("KSTREAM-BRANCH-00000000012").to("out-2");
    m.at("KSTREAM-BRANCH-00000000010").to("out-rest");
  };
  cases["split-named"] = [](StreamsBuilder& b) {
    const auto m = b.stream<S, S>("in")
                       .split(Named::as("kind-"))
                       .branch(always(), Branched::as("a"))
                       .branch(always())
                       .default_branch(Branched::as("rest"));
    m.at("kind-a").to("out-a");
    m.at("kind-2").to("out-2");
    m.at("kind-rest").to("out-rest");
  };
  cases["split-with-consumers"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in")
        .split(Named::as("by-"))
        .branch(always(), Branched::with_consumer<S, S>([](const KStream<S, S>& s) { s.to("out-a"); }))
        .branch(always(),
                Branched::with_function<S, S>([](const KStream<S, S>& s) { return s.map_values(same()); }, "mapped"))
        .no_default_branch()
        .at("by-mapped")
        .to("out-b");
  };
  cases["split-then-merge"] = [](StreamsBuilder& b) {
    const auto m = b.stream<S, S>("in")
                       .split(Named::as("s-"))
                       .branch(always(), Branched::as("empty"))
                       .default_branch(Branched::as("full"));
    m.at("s-full").select_key(value_as_key()).merge(m.at("s-empty")).group_by_key().count().to_stream().to("out");
  };
}

void repartition(Cases& cases) {
  cases["repartition-unnamed"] = [](StreamsBuilder& b) { b.stream<S, S>("in").repartition().to("out"); };
  cases["repartition-with-serdes"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").repartition(Repartitioned::with(millrace::Serde<S>(), millrace::Serde<S>())).to("out");
  };
  cases["repartition-named"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").repartition(Repartitioned::as("spread")).to("out");
  };
  cases["repartition-with-partitions"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").repartition(Repartitioned::number_of_partitions(4)).map_values(same()).to("out");
  };
  cases["repartition-named-with-partitions"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").repartition(Repartitioned::as("spread").with_number_of_partitions(4)).to("out");
  };
  cases["repartition-name-with-suffix"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").repartition(Repartitioned::as("spread-repartition")).to("out");
  };
  cases["repartition-makes-grouping-free"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").select_key(value_as_key()).repartition().group_by_key().count().to_stream().to("out");
  };
  cases["repartition-twice"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    s.repartition().to("o1");
    s.repartition().to("o2");
    s.repartition(Repartitioned::as("named")).repartition(Repartitioned::as("again")).to("o3");
  };
}

void processors(Cases& cases) {
  cases["process-unnamed"] = [](StreamsBuilder& b) { b.stream<S, S>("in").process(swallow()).to("out"); };
  cases["process-named"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").process(swallow(), Named::as("mine")).map_values(same()).to("out");
  };
  cases["process-values-unnamed"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").process_values(swallow_values()).map_values(same()).to("out");
  };
  cases["process-with-several-stores"] = [](StreamsBuilder& b) {
    b.add_state_store(Stores::key_value_store<S, S>("zulu"))
        .add_state_store(Stores::key_value_store<S, S>("alpha"))
        .add_state_store(Stores::key_value_store<S, S>("mike"));
    b.stream<S, S>("in").process(swallow(), {"mike", "zulu", "alpha"}, Named::as("mine")).to("out");
  };
  cases["process-sharing-a-store"] = [](StreamsBuilder& b) {
    b.add_state_store(Stores::key_value_store<S, S>("shared"));
    b.stream<S, S>("a").process(swallow(), {"shared"}).to("out-a");
    b.stream<S, S>("lonely").to("out-lonely");
    b.stream<S, S>("b").process_values(swallow_values(), {"shared"}).to("out-b");
  };
  cases["process-rekeys"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").process(swallow()).group_by_key().count().to_stream().to("out");
  };
  cases["process-values-keeps-the-key"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").process_values(swallow_values()).group_by_key().count().to_stream().to("out");
  };
  cases["process-is-an-end"] = [](StreamsBuilder& b) {
    b.add_state_store(Stores::key_value_store<S, S>("st"));
    b.stream<S, S>("in").process(swallow(), {"st"});
  };
}

void sizes_and_orders(Cases& cases) {
  cases["many-branches"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    for (int i = 0; i < 20; ++i) s.filter(always()).map_values(same()).to("out-" + std::to_string(i));
  };
  cases["unequal-branches"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    for (int i = 0; i < 8; ++i) {
      auto branch = s;
      for (int j = 0; j < (i * 5) % 8; ++j) branch = branch.map_values(same());
      branch.to("out-" + std::to_string(i));
    }
  };
  cases["diamonds"] = [](StreamsBuilder& b) {
    auto s = b.stream<S, S>("in");
    for (int i = 0; i < 6; ++i) {
      const auto kept = s.filter(always());
      s = kept.merge(s.filter_not(always()));
    }
    s.to("out");
  };
  cases["many-named-branches"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    for (const S name : {"red", "orange", "yellow", "green", "blue", "indigo", "violet", "white", "black", "grey",
                         "pink", "brown", "cyan", "magenta"}) {
      s.filter(always(), Named::as(name)).to("out", Produced::as(name + "-sink"));
    }
  };
}

}  // namespace

Cases describe_cases() {
  Cases cases;
  sources_and_sinks(cases);
  stateless(cases);
  merge_and_split(cases);
  repartition(cases);
  processors(cases);
  sizes_and_orders(cases);
  return cases;
}

}  // namespace oracle
