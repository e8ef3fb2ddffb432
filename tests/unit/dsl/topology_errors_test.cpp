// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

class Idle final : public Processor<S, S> {
  void process(Record<S, S>) override {}
};
auto idle() {
  return [] { return std::make_unique<Idle>(); };
}

/// The error of build() or of the calls before it.
template <class F>
S build_error(F program) {
  return error_of([&] {
    StreamsBuilder builder;
    program(builder);
    (void)builder.build();
  });
}

/// The error of starting the first task of the topology.
template <class F>
S start_error(F program) {
  StreamsBuilder builder;
  program(builder);
  const auto topology = builder.build();
  return error_of([&] { const TopologyTestDriver driver(topology); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(TopologyErrors)

BOOST_AUTO_TEST_CASE(two_nodes_of_one_name) {
  check_contains(build_error([](StreamsBuilder& b) {
                   const auto in = b.stream<S, S>("in");
                   in.peek([](const S&) {}, Named::as("twice")).to("a");
                   in.filter([](const S&) { return true; }, Named::as("twice")).to("b");
                 }),
                 "two nodes named 'twice'");
}

BOOST_AUTO_TEST_CASE(two_stores_of_one_name) {
  check_contains(build_error([](StreamsBuilder& b) {
                   b.add_state_store(Stores::key_value_store<S, S>("twice"));
                   b.add_state_store(Stores::key_value_store<S, S>("twice"));
                 }),
                 "two state stores named 'twice'");
  check_contains(build_error([](StreamsBuilder& b) {
                   const auto grouped = b.stream<S, S>("in").group_by_key();
                   grouped.count(Materialized::as("twice"));
                   grouped.count(Materialized::as("twice"));
                 }),
                 "two state stores named 'twice'");
}

BOOST_AUTO_TEST_CASE(a_store_that_was_not_added) {
  check_contains(
      build_error([](StreamsBuilder& b) { b.stream<S, S>("in").process(idle(), {"missing"}, Named::as("uses-it")); }),
      "processor 'uses-it' uses state store 'missing', which has not been added");
}

BOOST_AUTO_TEST_CASE(a_store_that_the_processor_is_not_connected_to) {
  class Asks final : public Processor<S, S> {
    void init(ProcessorContext<S, S>& context) override { (void)context.get_state_store<KeyValueStore<S, S>>("st"); }
    void process(Record<S, S>) override {}
  };
  check_contains(start_error([](StreamsBuilder& b) {
                   b.add_state_store(Stores::key_value_store<S, S>("st"));
                   b.stream<S, S>("a").process(idle(), {"st"});
                   b.stream<S, S>("b").process([] { return std::make_unique<Asks>(); }, {}, Named::as("asks"));
                 }),
                 "processor 'asks' uses state store 'st' without being connected to it: name the store when the "
                 "processor is added. It is connected to no store");
}

BOOST_AUTO_TEST_CASE(a_store_asked_for_by_another_type) {
  class Asks final : public Processor<S, S> {
    void init(ProcessorContext<S, S>& context) override { (void)context.get_state_store<KeyValueStore<S, bool>>("st"); }
    void process(Record<S, S>) override {}
  };
  check_contains(start_error([](StreamsBuilder& b) {
                   b.add_state_store(Stores::key_value_store<S, S>("st"));
                   b.stream<S, S>("in").process([] { return std::make_unique<Asks>(); }, {"st"}, Named::as("asks"));
                 }),
                 "processor 'asks' asks for state store 'st' by a type that differs from the one it was built with: "
                 "use get_state_store<KeyValueStore<std::string, std::string>>(\"st\")");
}

BOOST_AUTO_TEST_CASE(sources_that_overlap) {
  const auto error = build_error([](StreamsBuilder& b) {
    b.stream<S, S>({"x", "y"}, Consumed::as("one")).to("a");
    b.stream<S, S>({"y", "z"}, Consumed::as("two")).to("b");
  });
  check_contains(error, "sources 'one' and 'two'");
  check_contains(error, "both read 'y'");
}

BOOST_AUTO_TEST_CASE(one_topic_read_as_two_types) {
  check_contains(build_error([](StreamsBuilder& b) {
                   b.stream<S, S>("in", Consumed::as("text")).to("a");
                   b.stream<S, std::int32_t>("in", Consumed::as("numbers")).to("b");
                 }),
                 "sources 'text' and 'numbers' read the same topics as different types");
}

BOOST_AUTO_TEST_CASE(one_topic_read_from_two_places) {
  const auto program = [](const auto& first, const auto& second) {
    return [first, second](StreamsBuilder& b) {
      b.stream<S, S>("in", first).to("a");
      b.stream<S, S>("in", second).to("b");
    };
  };
  const auto from = [](AutoOffsetReset reset) { return Consumed().with_offset_reset_policy(reset); };
  for (const auto& other : {from(AutoOffsetReset::latest()), from(AutoOffsetReset::by_duration(1h)), Consumed()}) {
    check_contains(build_error(program(from(AutoOffsetReset::earliest()), other)),
                   "'KSTREAM-SOURCE-0000000000' and 'KSTREAM-SOURCE-0000000002' read the same topics from different");
  }
  BOOST_TEST(build_error(program(from(AutoOffsetReset::latest()), from(AutoOffsetReset::latest()))) == "");
}

BOOST_AUTO_TEST_CASE(a_source_without_topics) {
  check_contains(build_error([](StreamsBuilder& b) { b.stream<S, S>(std::vector<S>{}); }), "at least one topic");
}

BOOST_AUTO_TEST_CASE(a_pattern_that_is_no_regular_expression) {
  check_contains(build_error([](StreamsBuilder& b) { b.stream<S, S>(Pattern{"in-["}).to("out"); }), "'in-['");
}

BOOST_AUTO_TEST_CASE(a_pattern_that_matches_a_topic_of_another_source) {
  const auto error = build_error([](StreamsBuilder& b) {
    b.stream<S, S>(Pattern{"in-.*"}, Consumed::as("all")).to("x");
    b.stream<S, S>("in-a", Consumed::as("one")).to("y");
  });
  check_contains(error, "topic 'in-a', which source 'one' reads, matches the pattern 'in-.*' of source 'all'");
  // This is also true for a repartition topic, under its name in the topology.
  check_contains(build_error([](StreamsBuilder& b) {
                   b.stream<S, S>(Pattern{".*"}).repartition(Repartitioned::as("again")).to("x");
                 }),
                 "topic 'again-repartition'");
}

BOOST_AUTO_TEST_CASE(a_manual_node_with_other_types_than_its_parent) {
  StreamsBuilder builder;
  const auto in = builder.stream<S, S>("in", Consumed::as("source"));
  in.map_values([](const S& value) { return static_cast<std::int64_t>(value.size()); }, Named::as("lengths"));
  in.map_values([](const S& value) { return value + value; }, Named::as("twice"));
  in.for_each([](const S&, const S&) {}, Named::as("last"));
  Topology topology = builder.build();
  const auto refusal = [&](const S& name, const S& parent) {
    return error_of([&] { Topology(topology).add_processor(name, idle(), {parent}); });
  };
  check_contains(refusal("reader", "lengths"), "node 'reader' cannot follow 'lengths': it takes other key or value");
  check_contains(refusal("reader", "last"), "node 'reader' cannot follow 'last'");
  check_contains(error_of([&] {
                   Topology(topology).add_sink<S, S>("sink", "out", {"twice", "lengths"});
                 }),
                 "node 'sink' cannot follow 'lengths'");
  BOOST_CHECK_NO_THROW((Topology(topology).add_sink<S, std::int64_t>("sink", "out", {"lengths"})));
  topology.add_processor("reader", idle(), {"twice", "source"}).add_sink<S, S>("sink", "out", {"twice"});
  check(topology, {{"in k=abc @1", {"out k=abcabc @1"}}});
}

BOOST_AUTO_TEST_CASE(one_repartition_topic_with_two_numbers_of_partitions) {
  check_contains(build_error([](StreamsBuilder& b) {
                   const auto in = b.stream<S, S>("in");
                   in.repartition(Repartitioned::as("r").with_number_of_partitions(2)).to("a");
                   in.repartition(Repartitioned::as("r").with_number_of_partitions(3)).to("b");
                 }),
                 "r-repartition");
}

BOOST_AUTO_TEST_CASE(joined_repartition_topics_with_two_numbers_of_partitions) {
  const auto program = [](int left, int right) {
    return build_error([=](StreamsBuilder& b) {
      b.stream<S, S>("a")
          .repartition(Repartitioned::as("l").with_number_of_partitions(left))
          .join(
              b.stream<S, S>("b").repartition(Repartitioned::as("r").with_number_of_partitions(right)),
              [](const S& l, const S& r) { return l + r; }, JoinWindows::of_time_difference_with_no_grace(1ms),
              StreamJoined().with_name("pairs"))
          .to("out");
    });
  };
  check_contains(program(2, 3),
                 "repartition topics 'l-repartition' (2 partitions) and 'r-repartition' (3) meet in 'pairs-merge'");
  BOOST_TEST(program(3, 3).empty());
}

BOOST_AUTO_TEST_CASE(a_window_store_that_keeps_less_than_a_window) {
  check_contains(error_of([] { (void)Stores::window_store<S, S>("w", 5ms, 10ms); }),
                 "window store 'w': retention (5 ms) must be at least the window size (10 ms)");
}

BOOST_AUTO_TEST_CASE(a_versioned_store_in_memory) {
  check_contains(error_of([] { (void)Materialized::as_versioned("v", 1h).with_store_type(StoreMedium::in_memory); }),
                 "versioned store 'v' cannot live in memory");
}

BOOST_AUTO_TEST_CASE(streams_of_two_builders) {
  StreamsBuilder other;
  const auto foreign = other.stream<S, S>("other");
  const auto plus = [](const S& a, const S& b) { return a + b; };
  check_contains(build_error([&](StreamsBuilder& b) { b.stream<S, S>("in").merge(foreign); }), "two StreamsBuilders");
  check_contains(build_error([&](StreamsBuilder& b) {
                   b.stream<S, S>("in").join(foreign, plus, JoinWindows::of_time_difference_with_no_grace(1ms));
                 }),
                 "two StreamsBuilders");
}

BOOST_AUTO_TEST_CASE(generated_names_if_explicit_ones_are_required) {
  StreamsConfig strict;
  strict.set("ensure.explicit.internal.resource.naming", "true");
  const auto plus = [](const S& a, const S& b) { return a + b; };
  const auto windows = JoinWindows::of_time_difference_with_no_grace(1ms);
  const auto error = [&](const auto& program) {
    return error_of([&] {
      StreamsBuilder builder;
      program(builder);
      (void)builder.build(strict);
    });
  };
  const S text = error([&](StreamsBuilder& b) {
    const auto stream = b.stream<S, S>("in").select_key([](const S& value) { return value; });
    stream.group_by_key().count();
    stream.join(b.stream<S, S>("other"), plus, windows, StreamJoined().with_name("meet"));
  });
  check_contains(text,
                 "state stores without a name of its own: KSTREAM-AGGREGATE-STATE-STORE-0000000002, "
                 "KSTREAM-JOINOTHER-0000000014-store, KSTREAM-JOINTHIS-0000000013-store");
  check_contains(text,
                 "changelog topics without a name of its own: KSTREAM-AGGREGATE-STATE-STORE-0000000002-changelog");
  check_contains(text,
                 "repartition topics without a name of its own: KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition");
  // An operator without a store needs no name.
  BOOST_TEST(error([&](StreamsBuilder& b) {
               const auto stream = b.stream<S, S>("in").select_key([](const S& value) { return value; });
               stream.group_by_key(Grouped::as("by-value")).count(Materialized::as("counts")).filter([](std::int64_t) {
                 return true;
               });
               stream.join(b.stream<S, S>("other"), plus, windows, StreamJoined::as("meet").with_name("meet"));
               b.table<S, S>("table").to_stream().to("out");
             }) == "");
}

BOOST_AUTO_TEST_CASE(a_builder_used_twice) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").to("out");
  (void)builder.build();
  check_contains(error_of([&] { (void)builder.build(); }), "build() was called twice");
}

BOOST_AUTO_TEST_SUITE_END()
