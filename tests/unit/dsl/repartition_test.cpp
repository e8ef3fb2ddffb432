// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/processor/detail/topology_builder.hpp"
#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const auto by_value = [](const N& value) { return value; };
const auto no_key = [](const N&) { return N(); };

std::set<S> repartition_topics(const Timeline& timeline) {
  std::set<S> topics = timeline.internal_topics();
  std::erase_if(topics, [](const S& topic) { return !topic.ends_with("-repartition"); });
  return topics;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Repartition)

BOOST_AUTO_TEST_CASE(sends_records_through_a_topic_named_after_the_node) {
  StreamsBuilder builder;
  builder.stream<N, N>("in").repartition().to("out");
  Timeline timeline(builder.build());
  check(timeline, {{"in a=x @5 h=1", {"out a=x @5 h=1"}}, {"in c=null @7", {"out c=null @7"}}});
  BOOST_TEST(repartition_topics(timeline) == (std::set<S>{"app-KSTREAM-REPARTITION-0000000001-repartition"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(takes_a_name_and_a_number_of_partitions) {
  StreamsBuilder builder;
  builder.stream<N, N>("in")
      .select_key(by_value)
      .repartition(Repartitioned::as("spread").with_number_of_partitions(3))
      .to("out");
  const auto topology = builder.build();
  const auto& internal = topology.internal().internal_topics();
  BOOST_TEST(internal.at("spread-repartition").partitions.value() == 3);
  Timeline timeline(topology);
  check(timeline, {{"in a=x @5", {"out x=x @5"}}});
  BOOST_TEST(repartition_topics(timeline) == (std::set<S>{"app-spread-repartition"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rejects_fewer_than_one_partition) {
  check_contains(error_of([] { (void)Repartitioned::as("spread").with_number_of_partitions(0); }),
                 "repartition 'spread': the number of partitions must be at least 1, not 0");
}

BOOST_AUTO_TEST_CASE(drops_null_keys_unless_a_left_or_outer_join_downstream_wants_them) {
  StreamsBuilder builder;
  builder.stream<N, N>("in").select_key(no_key).repartition(Repartitioned::as("dropped")).to("out");
  builder.stream<N, N>("l")
      .select_key(no_key)
      .repartition(Repartitioned::as("kept"))
      .left_join(
          builder.stream<N, N>("r"), [](const S& l, const S* r) { return l + text(r); },
          JoinWindows::of_time_difference_with_no_grace(10ms))
      .to("joined");
  check(builder.build(), {{"in a=x @1", {}}, {"l a=x @1", {"joined null=xnull @1"}}});
}

BOOST_AUTO_TEST_CASE(is_automatic_when_the_key_changed_before_grouping) {
  StreamsBuilder builder;
  builder.stream<N, N>("kept")
      .map_values(by_value)
      .filter([](const N&) { return true; })
      .group_by_key()
      .count(Materialized::as("k"));
  builder.stream<N, N>("changed").group_by(by_value).count(Materialized::as("c"));
  builder.stream<N, N>("named").group_by(by_value, Grouped::as("g")).count(Materialized::as("n"));
  Timeline timeline(builder.build());
  for (const char* topic : {"kept", "changed", "named"}) (void)timeline.feed(S(topic) + " a=x @1");
  BOOST_TEST(repartition_topics(timeline) == (std::set<S>{"app-c-repartition", "app-g-repartition"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(happens_once_for_all_aggregations_of_a_named_grouping) {
  StreamsBuilder builder;
  const auto grouped = builder.stream<N, N>("in").group_by(by_value, Grouped::as("g"));
  grouped.count(Materialized::as("c"));
  grouped.reduce([](const S& a, const S& b) { return a + b; }, Materialized::as("r")).to_stream().to("out");
  Timeline timeline(builder.build());
  check(timeline, {{"in a=x @1", {"out x=x @1"}}, {"in b=x @2", {"out x=xx @2"}}, {"in b=null @3", {}}});
  BOOST_TEST(repartition_topics(timeline) == (std::set<S>{"app-g-repartition"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(is_not_needed_again_behind_a_repartition) {
  StreamsBuilder builder;
  builder.stream<N, N>("in")
      .select_key(by_value)
      .repartition(Repartitioned::as("once"))
      .group_by_key()
      .count(Materialized::as("c"));
  Timeline timeline(builder.build());
  (void)timeline.feed("in a=x @1");
  BOOST_TEST(repartition_topics(timeline) == (std::set<S>{"app-once-repartition"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(is_not_merged_across_process_which_may_change_the_key) {
  struct Swap final : Processor<S, S> {
    void process(Record<S, S> record) override {
      std::swap(record.key, record.value);
      context().forward(std::move(record));
    }
  };
  const auto build = [](auto operation) {
    StreamsBuilder builder;
    const auto by_length = builder.stream<S, S>("in").select_key([](const S& v) { return std::to_string(v.size()); });
    by_length.group_by_key().count(Materialized::as("lengths"));
    operation(by_length).group_by_key().count(Materialized::as("behind"));
    return builder.build(StreamsConfig().set("topology.optimization", "merge.repartition.topics"));
  };
  const auto topics = [](const Topology& topology) {
    Timeline timeline(topology);
    for (const S in : {"in k=ab @1", "in k=cd @2"}) (void)timeline.feed(in);
    return repartition_topics(timeline);
  };
  BOOST_TEST(topics(build([](const auto& stream) { return stream.filter([](const S&) { return true; }); })).size() ==
             1U);
  const auto apart = build([](const auto& stream) { return stream.process([] { return std::make_unique<Swap>(); }); });
  BOOST_TEST(topics(apart) == (std::set<S>{"app-lengths-repartition", "app-behind-repartition"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(follows_every_operator_that_may_change_the_key) {
  const auto count = [](auto stream) { stream.group_by_key().count(Materialized::as("c")); };
  const auto repartitions = [&](auto operation) {
    StreamsBuilder builder;
    count(operation(builder.stream<S, S>("in")));
    return !builder.build().internal().internal_topics().empty();
  };
  BOOST_TEST(repartitions([](auto s) { return s.select_key([](const S& v) { return v; }); }));
  BOOST_TEST(repartitions([](auto s) { return s.map([](const S& k, const S& v) { return KeyValue{k, v}; }); }));
  BOOST_TEST(repartitions([](auto s) {
    return s.flat_map([](const S& k, const S& v) { return std::vector{KeyValue{k, v}}; });
  }));
  BOOST_TEST(!repartitions([](auto s) { return s.map_values([](const S& v) { return v; }); }));
  BOOST_TEST(!repartitions([](auto s) { return s.flat_map_values([](const S& v) { return std::vector{v}; }); }));
  BOOST_TEST(!repartitions([](auto s) { return s.filter([](const S&) { return true; }); }));
  BOOST_TEST(!repartitions([](auto s) { return s.peek([](const S&) {}); }));
  BOOST_TEST(!repartitions([](auto s) { return s.merge(s); }));
}

BOOST_AUTO_TEST_SUITE_END()
