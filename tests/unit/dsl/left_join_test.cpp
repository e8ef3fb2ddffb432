// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/join_topologies.hpp"

// Timelines and results were taken from Kafka Streams.

using namespace millrace;
using namespace millrace::test;

namespace {

void check_left(const JoinWindows& windows, const std::vector<Step>& steps) {
  check(join_topology(Kind::left, windows), steps);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(LeftJoin)

BOOST_AUTO_TEST_CASE(both_ends_of_the_window_are_inclusive) {
  check_left(no_grace(10ms), {{"l a=L100 @100", {}},
                              {"r a=R89 @89", {}},
                              {"r a=R90 @90", {"out a=L100+R90 @100"}},
                              {"r a=R100 @100", {"out a=L100+R100 @100"}},
                              {"r a=R110 @110", {"out a=L100+R110 @110"}},
                              {"r a=R111 @111", {}},
                              {"l a=L121 @121", {"out a=L121+R111 @121"}},
                              {"l a=L122 @122", {}}});
}

BOOST_AUTO_TEST_CASE(an_unmatched_record_comes_out_when_window_and_grace_have_passed) {
  // L100 waits for right records up to 107, and 2 ms more for late ones.
  check_left(with_grace(10ms, 2ms).before(5ms).after(7ms),
             {{"l a=L100 @100", {}}, {"r z=R109 @109", {}}, {"r z=R110 @110", {"out a=L100+null @100"}}});
}

BOOST_AUTO_TEST_CASE(a_record_after_its_window_end_is_emitted_at_once_even_within_grace) {
  check_left(with_grace(10ms, 2ms).before(5ms).after(7ms), {{"r z=R110 @110", {}},
                                                            {"l b=L90 @90", {"out b=L90+null @90"}},
                                                            {"l c=L103 @103", {}},
                                                            {"l c=L102 @102", {"out c=L102+null @102"}}});
}

BOOST_AUTO_TEST_CASE(unmatched_records_come_out_in_order_of_time) {
  check_left(with_grace(10ms, 5ms), {{"l c=L102 @102", {}},
                                     {"r b=R101 @101", {}},
                                     {"l a=L100 @100", {}},
                                     {"l b=L104 @104", {"out b=L104+R101 @104"}},
                                     {"l z=L114 @114", {}},
                                     {"r z=R116 @116", {"out a=L100+null @100", "out z=L114+R116 @116"}},
                                     {"l z=L117 @117", {"out z=L117+R116 @117"}},
                                     {"l z=L150 @150", {"out c=L102+null @102"}},
                                     {"r z=R150 @150", {"out z=L150+R150 @150"}}});
}

BOOST_AUTO_TEST_CASE(a_late_record_releases_nothing) {
  check_left(with_grace(10ms, 5ms), {{"l a=L100 @100", {}},
                                     {"r z=R130 @130", {"out a=L100+null @100"}},
                                     {"l b=L105 @105", {"out b=L105+null @105"}},
                                     {"l b=L110 @110", {"out b=L110+null @110"}},
                                     {"r b=R110 @110", {"out b=L105+R110 @110", "out b=L110+R110 @110"}},
                                     {"l b=L120 @120", {"out b=L120+R110 @120"}}});
}

BOOST_AUTO_TEST_CASE(a_match_removes_all_waiting_records_of_its_key_and_time) {
  check_left(with_grace(10ms, 5ms), {{"l a=L1 @100", {}},
                                     {"l a=L2 @100", {}},
                                     {"l a=L3 @101", {}},
                                     {"r a=R1 @101", {"out a=L1+R1 @101", "out a=L2+R1 @101", "out a=L3+R1 @101"}},
                                     {"l a=L4 @101", {"out a=L4+R1 @101"}},
                                     {"r z=R @200", {}}});
}

BOOST_AUTO_TEST_CASE(unmatched_records_with_equal_timestamps_all_come_out) {
  check_left(no_grace(10ms), {{"l a=L1 @100", {}},
                              {"l a=L2 @100", {}},
                              {"l b=L3 @100", {}},
                              {"r z=R @111", {"out a=L1+null @100", "out a=L2+null @100", "out b=L3+null @100"}}});
}

BOOST_AUTO_TEST_CASE(an_unmatched_result_has_the_headers_of_the_triggering_record) {
  check_left(no_grace(10ms), {{"l b=L101 @101 h=1", {}}, {"r z=R200 @200 h=2", {"out b=L101+null @101 h=2"}}});
}

BOOST_AUTO_TEST_CASE(a_left_record_without_key_is_emitted_unmatched_and_other_nulls_are_dropped) {
  Timeline timeline(join_topology(Kind::left, no_grace(10ms)));
  check(timeline, {{"l null=nk @100", {"out null=nk+null @100"}},
                   {"r null=nk @101", {}},
                   {"l a=null @102", {}},
                   {"r a=R103 @103", {}},
                   {"l a=L104 @104", {"out a=L104+R103 @104"}},
                   {"l null=null @106", {}}});
  BOOST_TEST(drops(timeline.driver()) == "null-key 1, null-value 2");
}

BOOST_AUTO_TEST_CASE(null_keys_reach_a_rekeyed_left_join_through_its_repartition_topic) {
  StreamsBuilder builder;
  const auto no_key = [](const N&) { return N(); };
  builder.stream<N, N>("l").select_key(no_key).left_join(builder.stream<N, N>("r"), Plus(), no_grace(10ms)).to("out");
  check(builder.build(), {{"l a=L @100", {"out null=L+null @100"}}});
}

BOOST_AUTO_TEST_CASE(deprecated_windows_emit_unmatched_records_at_once) {
  check_left(JoinWindows::of(10ms), {{"l a=L100 @100", {"out a=L100+null @100"}},
                                     {"r a=R100 @100", {"out a=L100+R100 @100"}},
                                     {"r a=R101 @101", {"out a=L100+R101 @101"}},
                                     {"l a=L102 @102", {"out a=L102+R100 @102", "out a=L102+R101 @102"}}});
}

BOOST_AUTO_TEST_CASE(a_width_of_zero_matches_nothing_because_nothing_is_kept) {
  check_left(no_grace(0ms), {{"l a=L1 @100", {}},
                             {"r a=R1 @100", {}},
                             {"r a=R2 @101", {"out a=L1+null @100"}},
                             {"l a=L2 @101", {}},
                             {"l a=L3 @100", {"out a=L3+null @100"}}});
}

BOOST_AUTO_TEST_CASE(the_joiner_may_take_the_key) {
  StreamsBuilder builder;
  const auto left = builder.stream<S, S>("l");
  left.left_join(
          builder.stream<S, S>("r"),
          [](const S& key, const S& value, const S* other) { return key + ":" + value + text(other); }, no_grace(10ms))
      .to("out");
  check(builder.build(), {{"l a=1 @1", {}}, {"l b=2 @100", {"out a=a:1null @1"}}});
}

BOOST_AUTO_TEST_CASE(finds_closed_windows_after_a_long_gap) {
  check_left(no_grace(5ms), {{"l a=L @1000", {}},
                             {"r b=R @1001", {}},
                             {"l c=L @100000", {"out a=L+null @1000"}},
                             {"r c=R @100000", {"out c=L+R @100000"}},
                             {"l d=L @100006", {}},
                             {"r d=R @100020", {"out d=L+null @100006"}}});
}

BOOST_AUTO_TEST_SUITE_END()
