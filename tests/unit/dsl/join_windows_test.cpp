// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/dsl/join_windows.hpp"

#include <boost/test/unit_test.hpp>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

BOOST_AUTO_TEST_SUITE(JoinWindowsSuite)

BOOST_AUTO_TEST_CASE(reaches_equally_far_before_and_after) {
  const auto windows = JoinWindows::of_time_difference_and_grace(5min, 1h);
  BOOST_TEST(windows.before_ms() == 300'000);
  BOOST_TEST(windows.after_ms() == 300'000);
  BOOST_TEST(windows.size_ms() == 600'000);
  BOOST_TEST(windows.grace_ms() == 3'600'000);
  BOOST_TEST(windows.waits_for_close());
  BOOST_TEST(JoinWindows::of_time_difference_with_no_grace(1ms).grace_ms() == 0);
}

BOOST_AUTO_TEST_CASE(gives_deprecated_windows_24_hours_of_grace_less_their_width) {
  BOOST_TEST(JoinWindows::of(5min).grace_ms() == 86'400'000 - 600'000);
  BOOST_TEST(JoinWindows::of(std::chrono::hours(48)).grace_ms() == 0);
  BOOST_TEST(!JoinWindows::of(5min).waits_for_close());
  BOOST_TEST(JoinWindows::of(5min).grace(1min).grace_ms() == 60'000);
}

BOOST_AUTO_TEST_CASE(leaves_the_original_unchanged) {
  const auto windows = JoinWindows::of_time_difference_with_no_grace(10ms);
  const auto other = windows.before(-5ms).after(7ms);
  BOOST_TEST(windows.before_ms() == 10);
  BOOST_TEST(other.before_ms() == -5);
  BOOST_TEST(other.after_ms() == 7);
  BOOST_TEST((other == JoinWindows::of_time_difference_with_no_grace(7ms).before(-5ms)));
}

BOOST_AUTO_TEST_CASE(rejects_negative_grace) {
  check_contains(error_of([] { (void)JoinWindows::of_time_difference_and_grace(1ms, -1ms); }),
                 "grace must not be negative, but is -1 ms");
}

BOOST_AUTO_TEST_CASE(rejects_a_window_that_ends_before_it_starts) {
  const auto windows = JoinWindows::of_time_difference_with_no_grace(10ms);
  check_contains(error_of([&] { (void)windows.before(-11ms); }), "before (-11 ms) + after (10 ms)");
  check_contains(error_of([&] { (void)windows.after(-11ms); }), "before (10 ms) + after (-11 ms)");
  check_contains(error_of([] { (void)JoinWindows::of_time_difference_with_no_grace(-1ms); }), "before (-1 ms)");
  BOOST_TEST(windows.before(-10ms).size_ms() == 0);
}

BOOST_AUTO_TEST_CASE(rejects_a_second_grace) {
  check_contains(error_of([] { (void)JoinWindows::of_time_difference_with_no_grace(1ms).grace(1ms); }),
                 "given to of_time_difference_and_grace");
}

BOOST_AUTO_TEST_SUITE_END()
