#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/windows.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

// Windows are shown as [start,end), but the end of a sliding window belongs to it.
Topology listed(const SlidingWindows& windows, StoreMedium medium = StoreMedium::rocksdb) {
  return windowed([&](const auto& group) {
    return group.windowed_by(windows).reduce([](const S& all, const S& value) { return all + value; },
                                             Materialized::as("w").with_store_type(medium));
  });
}

const auto kMedia = {StoreMedium::rocksdb, StoreMedium::in_memory};

}  // namespace

BOOST_AUTO_TEST_SUITE(SlidingWindow)

BOOST_AUTO_TEST_CASE(ends_with_each_record_and_begins_behind_each_that_another_follows) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = Timeline(listed(SlidingWindows::of_time_difference_and_grace(10ms, 50ms), medium));
    check(timeline, {{"in a=A @100 h=1", {"out a[90,100)=A @100 h=1"}},
                     {"in a=B @105", {"out a[101,111)=B @105", "out a[95,105)=AB @105"}},
                     {"in a=C @110", {"out a[101,111)=BC @110", "out a[106,116)=C @110", "out a[100,110)=ABC @110"}}});
  }
}

BOOST_AUTO_TEST_CASE(takes_a_record_out_of_order_into_the_windows_it_lies_in_and_makes_its_own) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = Timeline(listed(SlidingWindows::of_time_difference_and_grace(10ms, 50ms), medium));
    check(timeline,
          {{"in a=A @100", {"out a[90,100)=A @100"}},
           {"in a=C @110", {"out a[101,111)=C @110", "out a[100,110)=AC @110"}},
           {"in a=B @104",
            {"out a[101,111)=CB @110", "out a[100,110)=ACB @110", "out a[94,104)=AB @104", "out a[105,115)=C @110"}}});
  }
}

BOOST_AUTO_TEST_CASE(of_a_time_that_was_there_before_takes_the_second_record_along) {
  auto timeline = Timeline(listed(SlidingWindows::of_time_difference_and_grace(10ms, 50ms)));
  check(timeline, {{"in a=A @100", {"out a[90,100)=A @100"}},
                   {"in a=B @100", {"out a[90,100)=AB @100"}},
                   {"in a=C @111", {"out a[101,111)=C @111"}}});
}

BOOST_AUTO_TEST_CASE(that_would_begin_before_time_0_is_shared_by_all_early_records) {
  auto timeline = Timeline(listed(SlidingWindows::of_time_difference_and_grace(10ms, 50ms)));
  check(timeline, {{"in a=A @4", {"out a[0,10)=A @4"}},
                   {"in a=B @7", {"out a[5,15)=B @7", "out a[0,10)=AB @7"}},
                   {"in a=C @2", {"out a[3,13)=AB @7", "out a[0,10)=ABC @7"}}});
}

BOOST_AUTO_TEST_CASE(takes_nothing_after_its_end_plus_grace_nor_nulls) {
  auto timeline = Timeline(listed(SlidingWindows::of_time_difference_and_grace(10ms, 5ms)));
  check(timeline, {{"in b=B @100", {"out b[90,100)=B @100"}},
                   {"in a=late @84", {}},
                   {"in a=A @95", {"out a[85,95)=A @95"}},
                   {"in a=null @96", {}},
                   {"in null=x @96", {}}});
  BOOST_TEST(drops(timeline.driver()) == "null-key 1, null-value 1, expired-window 1");
}

BOOST_AUTO_TEST_SUITE_END()
