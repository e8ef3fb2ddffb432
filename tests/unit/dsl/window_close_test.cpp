// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/windows.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const auto kMedia = {StoreMedium::rocksdb, StoreMedium::in_memory};

template <class W>
Topology counted_on_close(const W& windows, StoreMedium medium) {
  return windowed([&](const auto& group) {
    return group.windowed_by(windows)
        .emit_strategy(EmitStrategy::on_window_close())
        .count(Materialized::as("w").with_store_type(medium));
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(OnWindowClose)

BOOST_AUTO_TEST_CASE(shows_each_window_once_in_order_of_time_and_key) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = Timeline(counted_on_close(TimeWindows::of_size_and_grace(10ms, 5ms), medium));
    check(timeline, {{"in c=x @5", {}},
                     {"in a=x @12", {}},
                     {"in b=x @7 h=1", {}},
                     {"in a=x @15 h=2", {"out b[0,10)=1 @7 h=2", "out c[0,10)=1 @5 h=2"}},
                     {"in a=late @9", {}},
                     {"in a=x @13", {}},
                     {"in z=x @25", {"out a[10,20)=3 @15"}}});
    BOOST_TEST(drops(timeline.driver()) == "expired-window 1");
  }
}

// Kafka Streams puts the new record before it looks for closed windows. The put expires windows that are older than the
// store's retention, and Kafka Streams never emits those.
BOOST_AUTO_TEST_CASE(loses_nothing_when_stream_time_jumps) {
  for (const StoreMedium medium : kMedia) {
    auto time = Timeline(counted_on_close(TimeWindows::of_size_with_no_grace(1min), medium));
    check(time, {{"in a=x @1700000041000", {}},
                 {"in c=x @1700000220000", {"out a[1700000040000,1700000100000)=1 @1700000041000"}},
                 {"in d=x @1800000000000", {"out c[1700000220000,1700000280000)=1 @1700000220000"}}});
    auto hopping = Timeline(counted_on_close(TimeWindows::of_size_and_grace(10ms, 5ms).advance_by(5ms), medium));
    check(hopping, {{"in a=x @20", {}}, {"in b=x @500000", {"out a[15,25)=1 @20", "out a[20,30)=1 @20"}}});
    auto sliding = Timeline(counted_on_close(SlidingWindows::of_time_difference_with_no_grace(10ms), medium));
    check(sliding, {{"in a=x @100", {}},
                    {"in a=x @102", {"out a[90,100)=1 @100"}},
                    {"in b=x @500000", {"out a[92,102)=2 @102", "out a[101,111)=1 @102"}}});
    auto session = Timeline(counted_on_close(SessionWindows::of_inactivity_gap_with_no_grace(1min), medium));
    check(session, {{"in a=x @1700000041000", {}},
                    {"in b=x @1700000041001", {}},
                    {"in c=x @1700001840000",
                     {"out a[1700000041000,1700000041000)=1 @1700000041000",
                      "out b[1700000041001,1700000041001)=1 @1700000041001"}}});
  }
}

BOOST_AUTO_TEST_CASE(with_a_cache_loses_nothing_either) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = cached(counted_on_close(TimeWindows::of_size_with_no_grace(1min), medium));
    check(timeline, {{"in a=x @1700000041000", {}},
                     {"in a=x @1700000041500", {}},
                     {"in c=x @1700000220000", {"out a[1700000040000,1700000100000)=2 @1700000041500"}}});
  }
}

// In Kafka Streams, a session is no longer visible when stream time is exactly its end plus gap plus grace, but it is
// emitted only after that time. So Kafka Streams loses this session even without a jump of stream time.
BOOST_AUTO_TEST_CASE(loses_no_session_in_the_moment_before_it_closes) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = Timeline(counted_on_close(SessionWindows::of_inactivity_gap_and_grace(10ms, 5ms), medium));
    check(timeline, {{"in a=x @100", {}},
                     {"in b=x @115", {}},
                     {"in c=x @100", {}},
                     {"in b=x @116", {"out a[100,100)=1 @100", "out c[100,100)=1 @100"}}});
  }
}

BOOST_AUTO_TEST_CASE(emits_each_window_exactly_once_across_restarts) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = Timeline(counted_on_close(TimeWindows::of_size_and_grace(10ms, 30ms), medium));
    check(timeline, {{"in a=x @5", {}}, {"in a=x @15", {}}, {"in a=x @45", {"out a[0,10)=1 @5"}}});
    timeline.driver().restart();
    check(timeline, {{"in b=x @44", {}}, {"in b=x @50", {"out a[10,20)=1 @15"}}});
    timeline.driver().restart();
    check(timeline, {{"in c=x @9999", {"out a[40,50)=1 @45", "out b[40,50)=1 @44", "out b[50,60)=1 @50"}}});
  }
}

BOOST_AUTO_TEST_CASE(emits_sessions_when_nothing_can_extend_them) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = Timeline(counted_on_close(SessionWindows::of_inactivity_gap_and_grace(10ms, 5ms), medium));
    check(timeline, {{"in a=x @100", {}},
                     {"in a=x @108", {}},
                     {"in b=x @123 h=1", {}},
                     {"in b=x @124 h=2", {"out a[100,108)=2 @108 h=2"}}});
    timeline.driver().restart();
    check(timeline, {{"in c=x @139", {}}, {"in c=x @140", {"out b[123,124)=2 @124"}}});
  }
}

BOOST_AUTO_TEST_CASE(shows_sliding_windows_after_their_end) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = Timeline(counted_on_close(SlidingWindows::of_time_difference_with_no_grace(10ms), medium));
    check(timeline, {{"in a=x @100", {}},
                     {"in a=x @105", {"out a[90,100)=1 @100"}},
                     {"in b=x @110", {"out a[95,105)=2 @105"}},
                     {"in c=x @130", {"out b[100,110)=1 @110", "out a[101,111)=1 @105"}}});
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(FinalResults)

// A changelog may have updates of records that are processed again. Then the rows are later than the records.
BOOST_AUTO_TEST_CASE(wait_for_records_that_are_counted_again) {
  StreamsBuilder builder;
  builder.stream<S, S>("in")
      .group_by_key()
      .windowed_by(TimeWindows::of_size_and_grace(10ms, 2ms))
      .count(Materialized::as("w"))
      .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
      .to_stream([](const Windowed<S>& key, const std::optional<std::int64_t>&) {
        return key.key + "@" + std::to_string(key.window.start);
      })
      .map_values([](std::int64_t count) { return std::to_string(count); })
      .to("out");
  auto timeline = Timeline(builder.build());
  auto& counts = timeline.driver().get_timestamped_window_store<S, std::int64_t>("w");
  counts.put("b", ValueAndTimestamp<std::int64_t>{2, 22}, 20);
  check(timeline, {{"in a=x @18", {}},
                   // The row of b is of time 22, at which the window of a closes.
                   {"in b=x @20", {}},
                   {"in a=x @19", {}},
                   {"in b=x @22", {"out a@10=2 @19"}}});
}

BOOST_AUTO_TEST_SUITE_END()
