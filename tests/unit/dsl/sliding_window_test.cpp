// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/windows.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

// Windows are printed as [start,end), although the end of a sliding window is inclusive.
Topology listed(const SlidingWindows& windows, StoreMedium medium = StoreMedium::rocksdb) {
  return windowed([&](const auto& group) {
    return group.windowed_by(windows).reduce([](const S& all, const S& value) { return all + value; },
                                             Materialized::as("w").with_store_type(medium));
  });
}

const auto kMedia = {StoreMedium::rocksdb, StoreMedium::in_memory};

}  // namespace

BOOST_AUTO_TEST_SUITE(SlidingWindow)

BOOST_AUTO_TEST_CASE(ends_at_each_record_and_starts_after_each_followed_record) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = Timeline(listed(SlidingWindows::of_time_difference_and_grace(10ms, 50ms), medium));
    check(timeline, {{"in a=A @100 h=1", {"out a[90,100)=A @100 h=1"}},
                     {"in a=B @105", {"out a[101,111)=B @105", "out a[95,105)=AB @105"}},
                     {"in a=C @110", {"out a[101,111)=BC @110", "out a[106,116)=C @110", "out a[100,110)=ABC @110"}}});
  }
}

BOOST_AUTO_TEST_CASE(updates_and_creates_windows_for_an_out_of_order_record) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = Timeline(listed(SlidingWindows::of_time_difference_and_grace(10ms, 50ms), medium));
    check(timeline,
          {{"in a=A @100", {"out a[90,100)=A @100"}},
           {"in a=C @110", {"out a[101,111)=C @110", "out a[100,110)=AC @110"}},
           {"in a=B @104",
            {"out a[101,111)=CB @110", "out a[100,110)=ACB @110", "out a[94,104)=AB @104", "out a[105,115)=C @110"}}});
  }
}

BOOST_AUTO_TEST_CASE(counts_both_records_of_one_timestamp) {
  auto timeline = Timeline(listed(SlidingWindows::of_time_difference_and_grace(10ms, 50ms)));
  check(timeline, {{"in a=A @100", {"out a[90,100)=A @100"}},
                   {"in a=B @100", {"out a[90,100)=AB @100"}},
                   {"in a=C @111", {"out a[101,111)=C @111"}}});
}

BOOST_AUTO_TEST_CASE(starts_at_time_0_for_all_early_records) {
  auto timeline = Timeline(listed(SlidingWindows::of_time_difference_and_grace(10ms, 50ms)));
  check(timeline, {{"in a=A @4", {"out a[0,10)=A @4"}},
                   {"in a=B @7", {"out a[5,15)=B @7", "out a[0,10)=AB @7"}},
                   {"in a=C @2", {"out a[3,13)=AB @7", "out a[0,10)=ABC @7"}}});
}

BOOST_AUTO_TEST_CASE(drops_late_records_and_nulls) {
  auto timeline = Timeline(listed(SlidingWindows::of_time_difference_and_grace(10ms, 5ms)));
  check(timeline, {{"in b=B @100", {"out b[90,100)=B @100"}},
                   {"in a=late @84", {}},
                   {"in a=A @95", {"out a[85,95)=A @95"}},
                   {"in a=null @96", {}},
                   {"in null=x @96", {}}});
  BOOST_TEST(drops(timeline.driver()) == "null-key 1, null-value 1, expired-window 1");
}

BOOST_AUTO_TEST_SUITE_END()
