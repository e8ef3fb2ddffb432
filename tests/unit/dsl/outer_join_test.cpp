// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/join_topologies.hpp"

// Timelines and results were taken from Kafka Streams.

using namespace millrace;
using namespace millrace::test;

namespace {

void check_outer(const JoinWindows& windows, const std::vector<Step>& steps) {
  check(join_topology(Kind::outer, windows), steps);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(OuterJoin)

BOOST_AUTO_TEST_CASE(both_ends_of_the_window_are_inclusive) {
  check_outer(no_grace(10ms), {{"l a=L100 @100", {}},
                               {"r a=R89 @89", {"out a=null+R89 @89"}},
                               {"r a=R90 @90", {"out a=L100+R90 @100"}},
                               {"r a=R100 @100", {"out a=L100+R100 @100"}},
                               {"r a=R110 @110", {"out a=L100+R110 @110"}},
                               {"r a=R111 @111", {}},
                               {"l a=L121 @121", {"out a=L121+R111 @121"}},
                               {"l a=L122 @122", {}}});
}

BOOST_AUTO_TEST_CASE(before_and_after_decide_how_long_each_side_waits) {
  check_outer(no_grace(10ms).before(5ms).after(7ms),
              {{"l a=L100 @100", {}},
               {"r a=R94 @94", {"out a=null+R94 @94"}},
               {"r a=R95 @95", {"out a=L100+R95 @100"}},
               {"r a=R107 @107", {"out a=L100+R107 @107"}},
               {"r a=R108 @108", {}},
               {"l a=L99 @99", {"out a=L99+null @99"}},
               {"l a=L101 @101", {"out a=L101+R107 @107", "out a=L101+R108 @108"}},
               {"l z=advance @112", {}},
               {"r a=R100 @100", {"out a=L101+R100 @101"}},
               {"l z=advance @113", {}},
               {"r a=R100 @100", {"out a=null+R100 @100"}},
               {"r a=R113 @113", {}}});
}

BOOST_AUTO_TEST_CASE(unmatched_records_of_both_sides_come_out_in_order_of_time) {
  check_outer(with_grace(10ms, 5ms), {{"l c=L102 @102", {}},
                                      {"r b=R101 @101", {}},
                                      {"l a=L100 @100", {}},
                                      {"l b=L104 @104", {"out b=L104+R101 @104"}},
                                      {"r d=R103 @103", {}},
                                      {"l z=L114 @114", {}},
                                      {"r z=R116 @116", {"out a=L100+null @100", "out z=L114+R116 @116"}},
                                      {"l z=L150 @150", {"out c=L102+null @102", "out d=null+R103 @103"}},
                                      {"r z=R150 @150", {"out z=L150+R150 @150"}}});
}

BOOST_AUTO_TEST_CASE(at_equal_times_the_right_side_comes_out_first) {
  check_outer(no_grace(10ms),
              {{"l a=L @100", {}}, {"r b=R @100", {}}, {"l z=Z @111", {"out b=null+R @100", "out a=L+null @100"}}});
}

// The join remembers until when no waiting record is due. This is the time of the first waiting record that it has not
// checked. Here this is the second record of k, not the record of z.
BOOST_AUTO_TEST_CASE(waiting_records_are_checked_one_by_one) {
  check_outer(no_grace(10ms),
              {{"r a=R100 @100", {}},
               {"r b=R105 @105", {}},
               {"l k=one @105", {}},
               {"l k=two @105", {}},
               {"l z=L108 @108", {}},
               {"l y=L111 @111", {"out a=null+R100 @100"}},
               {"l x=L116 @116", {"out b=null+R105 @105", "out k=one+null @105", "out k=two+null @105"}}});
}

BOOST_AUTO_TEST_CASE(out_of_order_records_match_as_in_order_ones) {
  check_outer(with_grace(10ms, 20ms), {{"l a=L100 @100", {}},
                                       {"r a=R130 @130", {}},
                                       {"r a=R95 @95", {"out a=L100+R95 @100"}},
                                       {"l a=L125 @125", {"out a=L125+R130 @130"}},
                                       {"l a=L90 @90", {"out a=L90+R95 @95"}},
                                       {"r a=R120 @120", {"out a=L125+R120 @125"}},
                                       {"l a=L85 @85", {"out a=L85+R95 @95"}},
                                       {"r a=R85 @85", {"out a=L90+R85 @90"}}});
}

BOOST_AUTO_TEST_CASE(a_late_record_is_emitted_unmatched) {
  check_outer(with_grace(10ms, 5ms), {{"l a=L100 @100", {}},
                                      {"r z=advance @124", {"out a=L100+null @100"}},
                                      {"r a=R100 @100", {"out a=L100+R100 @100"}},
                                      {"l z=advance @200", {"out z=null+advance @124"}},
                                      {"l a=late @100", {"out a=late+R100 @100"}},
                                      {"r a=late @100", {"out a=null+late @100"}},
                                      {"l a=edge @175", {"out a=edge+null @175"}},
                                      {"r a=edge @175", {"out a=null+edge @175"}}});
}

BOOST_AUTO_TEST_CASE(records_without_key_are_emitted_unmatched_and_null_values_are_dropped) {
  Timeline timeline(join_topology(Kind::outer, no_grace(10ms)));
  check(timeline, {{"l null=nk @100", {"out null=nk+null @100"}},
                   {"r null=nk @101", {"out null=null+nk @101"}},
                   {"l a=null @102", {}},
                   {"r a=R103 @103", {}},
                   {"l a=L104 @104", {"out a=L104+R103 @104"}},
                   {"r a=null @105", {}},
                   {"l null=null @106", {}},
                   {"r null=null @107", {}},
                   {"r a=R108 @108", {"out a=L104+R108 @108"}}});
  BOOST_TEST(drops(timeline.driver()) == "null-value 4");
}

BOOST_AUTO_TEST_CASE(a_self_join_leaves_nothing_unmatched) {
  StreamsBuilder builder;
  const auto in = builder.stream<N, N>("in");
  in.outer_join(in, Plus(), no_grace(10ms)).to("out");
  check(builder.build(), {{"in a=1 @100", {"out a=1+1 @100"}},
                          {"in a=2 @110", {"out a=2+1 @110", "out a=1+2 @110", "out a=2+2 @110"}},
                          {"in b=4 @130", {"out b=4+4 @130"}}});
}

BOOST_AUTO_TEST_CASE(deprecated_windows_emit_unmatched_records_at_once) {
  check_outer(JoinWindows::of(10ms), {{"l a=L @100", {"out a=L+null @100"}},
                                      {"r b=R @100", {"out b=null+R @100"}},
                                      {"r a=R @105", {"out a=L+R @105"}}});
}

BOOST_AUTO_TEST_CASE(zero_values_are_distinct_from_absent_ones) {
  StreamsBuilder builder;
  const auto left = builder.stream<S, std::int32_t>("l");
  left.outer_join(
          builder.stream<S, double>("r"),
          [](const S& key, const std::int32_t* l, const double* r) {
            return key + (l ? std::to_string(*l) : "-") + (r ? std::to_string(static_cast<int>(*r)) : "-");
          },
          no_grace(10ms))
      .to("out");
  TopologyTestDriver driver(builder.build());
  auto l = driver.create_input_topic<S, std::int32_t>("l");
  auto r = driver.create_input_topic<S, double>("r");
  l.pipe_input("a", 0, 1);
  r.pipe_input("b", 0.0, 2);
  r.pipe_input("a", 7.0, 3);
  l.pipe_input("c", 1, 100);
  auto out = driver.create_output_topic<S, S>("out");
  BOOST_TEST(out.read_value() == "a07");
  BOOST_TEST(out.read_value() == "b-0");
  BOOST_TEST(out.is_empty());
}

BOOST_AUTO_TEST_CASE(waiting_records_are_kept_in_memory_as_well) {
  check(join_topology(Kind::outer, no_grace(10ms), StreamJoined().with_store_type(StoreMedium::in_memory)),
        {{"l a=L @100", {}}, {"r b=R @111", {"out a=L+null @100"}}, {"r c=R @122", {"out b=null+R @111"}}});
}

BOOST_AUTO_TEST_SUITE_END()
