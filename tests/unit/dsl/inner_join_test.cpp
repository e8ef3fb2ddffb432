// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/join_topologies.hpp"

// Timelines and results were taken from Kafka Streams.

using namespace millrace;
using namespace millrace::test;

namespace {

void check_inner(const JoinWindows& windows, const std::vector<Step>& steps) {
  check(join_topology(Kind::inner, windows), steps);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(InnerJoin)

BOOST_AUTO_TEST_CASE(both_ends_of_the_window_are_inclusive) {
  check_inner(no_grace(10ms), {{"l a=L100 @100", {}},
                               {"r a=R89 @89", {}},
                               {"r a=R90 @90", {"out a=L100+R90 @100"}},
                               {"r a=R100 @100", {"out a=L100+R100 @100"}},
                               {"r a=R110 @110", {"out a=L100+R110 @110"}},
                               {"r a=R111 @111", {}},
                               {"l a=L121 @121", {"out a=L121+R111 @121"}},
                               {"l a=L122 @122", {}}});
}

BOOST_AUTO_TEST_CASE(before_and_after_are_relative_to_the_left_record) {
  check_inner(no_grace(10ms).before(5ms).after(7ms),
              {{"l a=L100 @100", {}},
               {"r a=R94 @94", {}},
               {"r a=R95 @95", {"out a=L100+R95 @100"}},
               {"r a=R107 @107", {"out a=L100+R107 @107"}},
               {"r a=R108 @108", {}},
               {"l a=L99 @99", {}},
               {"l a=L101 @101", {"out a=L101+R107 @107", "out a=L101+R108 @108"}}});
}

BOOST_AUTO_TEST_CASE(one_side_of_the_window_may_be_zero) {
  check_inner(no_grace(10ms).before(0ms), {{"l a=L100 @100", {}},
                                           {"r a=R99 @99", {}},
                                           {"r a=R100 @100", {"out a=L100+R100 @100"}},
                                           {"r a=R110 @110", {"out a=L100+R110 @110"}},
                                           {"r a=R111 @111", {}}});
  check_inner(no_grace(10ms).after(0ms), {{"l a=L100 @100", {}},
                                          {"r a=R100 @100", {"out a=L100+R100 @100"}},
                                          {"r a=R101 @101", {}},
                                          {"r a=R90 @90", {"out a=L100+R90 @100"}},
                                          {"r a=R89 @89", {}}});
}

BOOST_AUTO_TEST_CASE(a_window_may_lie_wholly_after_the_left_record) {
  check_inner(no_grace(10ms).before(-5ms), {{"l a=L100 @100", {}},
                                            {"r a=R104 @104", {}},
                                            {"r a=R105 @105", {"out a=L100+R105 @105"}},
                                            {"r a=R110 @110", {"out a=L100+R110 @110"}},
                                            {"l a=L105 @105", {"out a=L105+R110 @110"}}});
}

BOOST_AUTO_TEST_CASE(equal_timestamps_match_in_order_of_arrival) {
  check_inner(no_grace(10ms), {{"l a=L1 @100", {}},
                               {"l a=L2 @100", {}},
                               {"r a=R1 @100", {"out a=L1+R1 @100", "out a=L2+R1 @100"}},
                               {"r a=R2 @100", {"out a=L1+R2 @100", "out a=L2+R2 @100"}},
                               {"l b=L3 @100", {}},
                               {"r b=R3 @100", {"out b=L3+R3 @100"}},
                               {"l a=L5 @100", {"out a=L5+R1 @100", "out a=L5+R2 @100"}}});
}

BOOST_AUTO_TEST_CASE(out_of_order_records_match_as_in_order_ones) {
  check_inner(with_grace(10ms, 20ms), {{"l a=L100 @100", {}},
                                       {"r a=R130 @130", {}},
                                       {"r a=R95 @95", {"out a=L100+R95 @100"}},
                                       {"l a=L125 @125", {"out a=L125+R130 @130"}},
                                       {"l a=L90 @90", {"out a=L90+R95 @95"}},
                                       {"r a=R120 @120", {"out a=L125+R120 @125"}},
                                       {"l a=L85 @85", {"out a=L85+R95 @95"}},
                                       {"r a=R85 @85", {"out a=L90+R85 @90"}}});
}

BOOST_AUTO_TEST_CASE(a_late_record_matches_records_still_in_the_other_store) {
  // A store keeps records for before + after + grace, counted from the newest record in that store.
  check_inner(with_grace(10ms, 5ms), {{"l a=L100 @100", {}},
                                      {"r z=advance @126", {}},
                                      {"r a=R102 @102", {"out a=L100+R102 @102"}},
                                      {"l z=advance @200", {}},
                                      {"l a=late @100", {"out a=late+R102 @102"}},
                                      {"r a=late @100", {}},
                                      {"l a=edge @175", {}},
                                      {"r a=edge @175", {}},
                                      {"l a=kept @176", {"out a=kept+edge @176"}},
                                      {"r a=found @176", {"out a=kept+found @176"}}});
}

BOOST_AUTO_TEST_CASE(null_keys_and_values_join_nothing_and_are_counted) {
  Timeline timeline(join_topology(Kind::inner, no_grace(10ms)));
  check(timeline, {{"l null=nk @100", {}},
                   {"r null=nk @101", {}},
                   {"l a=null @102", {}},
                   {"r a=R103 @103", {}},
                   {"l a=L104 @104", {"out a=L104+R103 @104"}},
                   {"r a=null @105", {}},
                   {"l null=null @106", {}},
                   {"r null=null @107", {}},
                   {"r a=R108 @108", {"out a=L104+R108 @108"}}});
  BOOST_TEST(drops(timeline.driver()) == "null-key 2, null-value 4");
}

BOOST_AUTO_TEST_CASE(a_result_carries_the_headers_of_the_record_that_completed_it) {
  check_inner(no_grace(10ms), {{"l a=L100 @100 h=1", {}},
                               {"r a=R100 @100 h=2", {"out a=L100+R100 @100 h=2"}},
                               {"l a=L200 @101 h=3 h=4", {"out a=L200+R100 @101 h=3 h=4"}}});
}

BOOST_AUTO_TEST_CASE(the_window_does_not_reach_before_the_epoch) {
  check_inner(no_grace(10ms), {{"l a=L0 @0", {}},
                               {"r a=R5 @5", {"out a=L0+R5 @5"}},
                               {"r a=R0 @0", {"out a=L0+R0 @0"}},
                               {"l a=L3 @3", {"out a=L3+R0 @3", "out a=L3+R5 @5"}}});
}

BOOST_AUTO_TEST_CASE(keys_that_begin_alike_stay_apart) {
  check_inner(with_grace(10ms, 3ms), {{"l a=L1 @100", {}},
                                      {"l ab=L2 @101", {}},
                                      {"l b=L3 @102", {}},
                                      {"r ab=R1 @103", {"out ab=L2+R1 @103"}},
                                      {"r b=R2 @104", {"out b=L3+R2 @104"}},
                                      {"r =R3 @105", {}},
                                      {"l =L4 @106", {"out =L4+R3 @106"}}});
}

BOOST_AUTO_TEST_CASE(a_self_join_gives_each_pair_in_both_orders) {
  StreamsBuilder builder;
  const auto in = builder.stream<N, N>("in");
  in.join(in, Plus(), no_grace(10ms)).to("out");
  check(builder.build(),
        {{"in a=1 @100", {"out a=1+1 @100"}},
         {"in a=2 @110", {"out a=2+1 @110", "out a=1+2 @110", "out a=2+2 @110"}},
         {"in a=3 @105", {"out a=3+1 @105", "out a=3+2 @110", "out a=1+3 @105", "out a=3+3 @105", "out a=2+3 @110"}}});
}

BOOST_AUTO_TEST_CASE(two_joins_in_a_row) {
  StreamsBuilder builder;
  const auto a = builder.stream<S, S>("a");
  const auto ab = a.join(builder.stream<S, S>("b"), Plus(), no_grace(10ms));
  ab.join(builder.stream<S, S>("c"), Plus(), no_grace(10ms)).to("out");
  check(builder.build(), {{"a k=a1 @100", {}},
                          {"b k=b1 @105", {}},
                          {"c k=c1 @95", {"out k=a1+b1+c1 @105"}},
                          {"c k=c2 @115", {"out k=a1+b1+c2 @115"}},
                          {"b k=b2 @110", {"out k=a1+b2+c2 @115"}}});
}

BOOST_AUTO_TEST_CASE(the_joiner_may_take_the_key_and_return_another_type) {
  StreamsBuilder builder;
  const auto left = builder.stream<S, S>("l");
  left.join(
          builder.stream<S, std::int32_t>("r"),
          [](const S& key, const S& value, std::int32_t number) {
            return static_cast<std::int64_t>(key.size() + value.size()) + number;
          },
          no_grace(10ms))
      .to("out");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<S, S>("l").pipe_input("key", "value", 1);
  driver.create_input_topic<S, std::int32_t>("r").pipe_input("key", 100, 2);
  BOOST_TEST((driver.create_output_topic<S, std::int64_t>("out").read_value() == 108));
}

BOOST_AUTO_TEST_CASE(runs_in_memory_and_without_changelog_as_well) {
  const std::vector<Step> steps{
      {"l a=L100 @100", {}}, {"r a=R100 @100", {"out a=L100+R100 @100"}}, {"r b=R130 @130", {}}};
  Timeline in_memory(
      join_topology(Kind::inner, no_grace(10ms), StreamJoined().with_store_type(StoreMedium::in_memory)));
  check(in_memory, steps);
  BOOST_TEST(in_memory.internal_topics().size() == 2U);
  Timeline unlogged(join_topology(Kind::inner, no_grace(10ms), StreamJoined().with_logging_disabled()));
  check(unlogged, steps);
  BOOST_TEST(unlogged.internal_topics().empty());
}

BOOST_AUTO_TEST_CASE(as_names_the_stores_and_with_name_the_nodes) {
  const auto description = [](const StreamJoined& joined) {
    return join_topology(Kind::inner, no_grace(10ms), joined).describe();
  };
  const S stores = description(StreamJoined::as("kept"));
  check_contains(stores, "stores: [kept-this-join-store]");
  check_contains(stores, "Processor: KSTREAM-MERGE-");
  const S nodes = description(StreamJoined().with_name("meet"));
  check_contains(nodes, "stores: [KSTREAM-JOINTHIS-");
  check_contains(nodes, "Processor: meet-merge");
  const S both = description(StreamJoined::as("kept").with_name("meet"));
  check_contains(both, "stores: [kept-this-join-store]");
  check_contains(both, "Processor: meet-merge");
}

BOOST_AUTO_TEST_CASE(given_stores_are_logged_even_with_logging_disabled) {
  const auto own = StreamJoined().with_logging_disabled().with_this_store("mine");
  const auto topics_of = [](Kind kind, const StreamJoined& joined) {
    Timeline timeline(join_topology(kind, with_grace(10ms, 1ms), joined));
    check(timeline, {{"l a=L @100", {}}, {"r b=R @100", {}}});
    return timeline.internal_topics();
  };
  BOOST_TEST((topics_of(Kind::inner, own) == std::set<S>{"app-mine-changelog"}));
  BOOST_TEST((topics_of(Kind::outer, own.with_other_store("theirs")) ==
              std::set<S>{"app-mine-changelog", "app-theirs-changelog"}));
}

/// A serde that writes a mark before the text, which shows that the serde was used.
struct MarkedSerde {
  char mark;
  void serialize(const S& text, S& out) const { out += mark + text; }
  [[nodiscard]] S deserialize(std::string_view bytes) const { return S(bytes.substr(1)); }
};

BOOST_AUTO_TEST_CASE(store_serdes_can_be_given_one_by_one) {
  StreamsBuilder builder;
  const auto joined = StreamJoined::as("kept")
                          .with_key_serde(MarkedSerde{'k'})
                          .with_value_serde(MarkedSerde{'l'})
                          .with_other_value_serde(MarkedSerde{'r'});
  builder.stream<S, S>("l").join(
      builder.stream<S, S>("r"), [](const S& l, const S& r) { return l + r; }, no_grace(10ms), joined);
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<S, S>("l").pipe_input("a", "1", 5);
  driver.create_input_topic<S, S>("r").pipe_input("a", "2", 5);
  const auto logged = [&](const S& side) {
    const auto record =
        driver.create_output_topic<S, S>("topology-test-driver-kept-" + side + "-join-store-changelog").read_record();
    return record.key.substr(0, 2) + "=" + record.value;
  };
  BOOST_TEST(logged("this") == "ka=l1");
  BOOST_TEST(logged("other") == "ka=r2");
}

BOOST_AUTO_TEST_CASE(rekeyed_streams_go_through_repartition_topics) {
  StreamsBuilder builder;
  const auto initial = [](const N& value) { return value ? N(value->substr(0, 1)) : N(); };
  const auto left = builder.stream<N, N>("l").select_key(initial);
  left.join(builder.stream<N, N>("r").select_key(initial), Plus(), no_grace(10ms), StreamJoined().with_name("meet"))
      .to("out");
  Timeline timeline(builder.build());
  check(timeline, {{"l x=a1 @100 h=1", {}},
                   {"r y=a2 @105", {"out a=a1+a2 @105"}},
                   {"r null=b1 @106", {}},
                   {"l null=b2 @104", {"out b=b2+b1 @106"}},
                   {"l x=null @107", {}}});
  const auto topics = timeline.internal_topics();
  BOOST_TEST(topics.contains("app-meet-left-repartition"));
  BOOST_TEST(topics.contains("app-meet-right-repartition"));
}

BOOST_AUTO_TEST_CASE(a_rekeyed_stream_that_is_joined_twice_has_one_repartition_topic) {
  StreamsBuilder builder;
  const auto s = builder.stream<N, N>("in").select_key([](const N& value) { return value; });
  s.join(builder.stream<N, N>("r1"), Plus(), no_grace(10ms)).to("o1");
  s.join(builder.stream<N, N>("r2"), Plus(), no_grace(10ms)).to("o2");
  Timeline timeline(builder.build());
  check(timeline, {{"r1 a=R1 @100", {}}, {"in k=a @101", {"o1 a=a+R1 @101"}}, {"r2 a=R2 @102", {"o2 a=a+R2 @102"}}});
  const auto topics = timeline.internal_topics();
  BOOST_TEST(std::ranges::count_if(topics, [](const S& name) { return name.ends_with("-repartition"); }) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
