// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/windows.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const auto kTumbling = TimeWindows::of_size_and_grace(10ms, 5ms);

template <class W>
Topology counted(const W& windows, const Materialized& materialized = Materialized::as("w")) {
  return windowed([&](const auto& group) { return group.windowed_by(windows).count(materialized); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(TimeWindowedCount)

BOOST_AUTO_TEST_CASE(counts_per_key_and_tumbling_window) {
  auto timeline = Timeline(counted(kTumbling));
  check(timeline, {{"in a=x @10", {"out a[10,20)=1 @10"}},
                   {"in a=x @19 h=1", {"out a[10,20)=2 @19 h=1"}},
                   {"in a=x @12", {"out a[10,20)=3 @19"}},
                   {"in b=x @20", {"out b[20,30)=1 @20"}},
                   {"in a=null @21", {"out a[20,30)=1 @21"}},
                   {"in null=x @22", {}}});
  BOOST_TEST(drops(timeline.driver()) == "null-key 1");
}

BOOST_AUTO_TEST_CASE(drops_what_comes_after_a_window_s_end_plus_grace) {
  auto timeline = Timeline(counted(kTumbling));
  check(timeline, {{"in a=x @9", {"out a[0,10)=1 @9"}},
                   {"in b=x @14", {"out b[10,20)=1 @14"}},
                   {"in a=x @0", {"out a[0,10)=2 @9"}},
                   {"in b=x @15", {"out b[10,20)=2 @15"}},
                   {"in a=late @9", {}}});
  BOOST_TEST(drops(timeline.driver()) == "expired-window 1");
}

BOOST_AUTO_TEST_CASE(counts_a_record_in_each_hopping_window_that_is_still_open) {
  auto timeline = Timeline(counted(TimeWindows::of_size_with_no_grace(10ms).advance_by(4ms)));
  check(timeline, {{"in a=x @3", {"out a[0,10)=1 @3"}},
                   {"in a=x @9", {"out a[0,10)=2 @9", "out a[4,14)=1 @9", "out a[8,18)=1 @9"}},
                   {"in a=x @13", {"out a[4,14)=2 @13", "out a[8,18)=2 @13", "out a[12,22)=1 @13"}},
                   {"in a=x @9", {"out a[4,14)=3 @13", "out a[8,18)=3 @13"}}});
  BOOST_TEST(drops(timeline.driver()) == "expired-window 1");
}

BOOST_AUTO_TEST_CASE(counts_records_from_the_start_of_an_unlimited_window_on) {
  const S end = std::to_string(std::numeric_limits<Timestamp>::max());
  auto timeline = Timeline(counted(UnlimitedWindows::of().start_on(100)));
  check(timeline, {{"in a=x @99", {}},
                   {"in a=x @100", {"out a[100," + end + ")=1 @100"}},
                   {"in a=x @1700000040000", {"out a[100," + end + ")=2 @1700000040000"}},
                   {"in a=x @101", {"out a[100," + end + ")=3 @1700000040000"}}});
}

BOOST_AUTO_TEST_CASE(keeps_windows_in_a_store_that_can_be_read) {
  for (const StoreMedium medium : {StoreMedium::rocksdb, StoreMedium::in_memory}) {
    auto timeline = Timeline(counted(kTumbling, Materialized::as("w").with_store_type(medium)));
    check(timeline, {{"in a=x @10", {"out a[10,20)=1 @10"}}, {"in a=x @12", {"out a[10,20)=2 @12"}}});
    auto& store = timeline.driver().get_timestamped_window_store<S, std::int64_t>("w");
    BOOST_TEST((store.fetch("a", 10) == ValueAndTimestamp<std::int64_t>{2, 12}));
    BOOST_TEST(!store.fetch("a", 0));
  }
}

BOOST_AUTO_TEST_CASE(goes_on_after_a_restart) {
  for (const StoreMedium medium : {StoreMedium::rocksdb, StoreMedium::in_memory}) {
    auto timeline = Timeline(counted(kTumbling, Materialized::as("w").with_store_type(medium)));
    check(timeline, {{"in a=x @10", {"out a[10,20)=1 @10"}}});
    timeline.driver().restart();
    check(timeline, {{"in a=x @12", {"out a[10,20)=2 @12"}}});
  }
}

BOOST_AUTO_TEST_CASE(emits_the_last_update_at_the_commit_with_a_cache) {
  StreamsBuilder builder;
  const auto words = [](const S& line) { return std::vector<S>{line, line, line}; };
  show(builder.stream<S, S>("in").flat_map_values(words).group_by_key().windowed_by(kTumbling).count(), "out");
  auto timeline = cached(builder.build());
  check(timeline, {{"in a=x @10 h=1", {"out a[10,20)=3 @10 h=1"}}, {"in a=y @5", {"out a[0,10)=3 @5"}}});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(TimeWindowedReduce)

BOOST_AUTO_TEST_CASE(starts_anew_in_each_window) {
  auto timeline = Timeline(windowed([](const auto& group) {
    return group.windowed_by(kTumbling).reduce([](const S& all, const N& value) { return all + text(value); });
  }));
  check(timeline, {{"in a=1 @10", {"out a[10,20)=1 @10"}},
                   {"in a=2 @11", {"out a[10,20)=12 @11"}},
                   {"in a=3 @20", {"out a[20,30)=3 @20"}},
                   {"in a=null @21", {"out a[20,30)=3null @21"}},
                   {"in a=null @30", {"out a[30,40)=null @30"}},
                   {"in a=4 @31", {"out a[30,40)=4 @31"}}});
}

BOOST_AUTO_TEST_CASE(deletes_a_window_when_the_reducer_returns_nullopt) {
  auto timeline = Timeline(windowed([](const auto& group) {
    return group.windowed_by(kTumbling).reduce(
        [](const S& all, const N& value) { return value == "drop" ? N() : N(all + text(value)); });
  }));
  check(timeline, {{"in a=1 @10", {"out a[10,20)=1 @10"}},
                   {"in a=drop @12", {"out a[10,20)=null @12"}},
                   {"in a=2 @11", {"out a[10,20)=2 @11"}}});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(TimeWindowedAggregate)

BOOST_AUTO_TEST_CASE(folds_into_another_type_per_window) {
  auto timeline = Timeline(windowed([](const auto& group) {
    return group.windowed_by(kTumbling).aggregate(
        [] { return std::int64_t{100}; },
        [](const S&, const N& value, std::int64_t sum) { return sum + static_cast<std::int64_t>(text(value).size()); });
  }));
  check(timeline, {{"in a=xx @10", {"out a[10,20)=102 @10"}},
                   {"in a=yyy @12", {"out a[10,20)=105 @12"}},
                   {"in a=null @20", {"out a[20,30)=104 @20"}}});
}

BOOST_AUTO_TEST_CASE(returns_a_table_for_further_operators) {
  StreamsBuilder builder;
  const auto table = builder.stream<S, S>("in").group_by_key().windowed_by(kTumbling).count(Materialized::as("w"));
  BOOST_TEST(table.queryable_store_name() == "w");
  show(table.filter([](std::int64_t count) { return count >= 2; }), "many");
  show(table.map_values([](std::int64_t count) { return S(static_cast<std::size_t>(count), '*'); }), "stars");
  auto timeline = Timeline(builder.build());
  check(timeline,
        {{"in a=x @10", {"stars a[10,20)=* @10"}}, {"in a=x @11", {"many a[10,20)=2 @11", "stars a[10,20)=** @11"}}});
}

BOOST_AUTO_TEST_SUITE_END()
