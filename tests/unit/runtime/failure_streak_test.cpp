// SPDX-License-Identifier: Apache-2.0
// When a stream thread retries after a failure, and when it gives up. All times are arguments, in ms.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/failure_streak.hpp"

#include <boost/test/unit_test.hpp>

namespace millrace::detail {
namespace {

BOOST_AUTO_TEST_SUITE(FailureStreakSuite)

BOOST_AUTO_TEST_CASE(tries_again_at_once_and_then_after_growing_pauses) {
  FailureStreak streak(Millis(60'000));
  std::vector<std::int64_t> pauses;
  Timestamp now = 0;
  for (int i = 0; i < 9; ++i) {
    pauses.push_back(streak.failed(now)->count());
    now += pauses.back();
  }
  const std::vector<std::int64_t> expected{0, 100, 200, 400, 800, 1600, 3200, 5000, 5000};
  BOOST_TEST(pauses == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(gives_up_after_the_time) {
  FailureStreak streak(Millis(1'000));
  BOOST_CHECK(streak.failed(5'000));
  BOOST_CHECK(streak.failed(5'999));
  BOOST_CHECK(!streak.failed(6'000));
}

BOOST_AUTO_TEST_CASE(begins_anew_after_a_time_of_calm) {
  FailureStreak streak(Millis(60'000));
  (void)streak.failed(0);
  (void)streak.failed(10);
  streak.running(1'000);
  streak.running(5'000);
  BOOST_CHECK_EQUAL(streak.failed(1'000 + FailureStreak::kCalm.count())->count(), 0);
}

BOOST_AUTO_TEST_CASE(continues_if_the_thread_ran_only_briefly) {
  FailureStreak streak(Millis(30'000));
  Timestamp now = 0;
  while (streak.failed(now)) {
    streak.running(now);  // fails at each commit
    now += 3'000;
  }
  BOOST_CHECK_EQUAL(now, 30'000);
}

BOOST_AUTO_TEST_CASE(measures_from_the_first_failure) {
  FailureStreak streak(Millis(1'000));
  streak.running(0);
  BOOST_CHECK_EQUAL(streak.failed(1'000'000)->count(), 0);
  BOOST_CHECK_EQUAL(streak.failed(1'000'100)->count(), 100);
}

BOOST_AUTO_TEST_CASE(returns_the_rest_of_the_pause) {
  FailureStreak streak(Millis(60'000));
  BOOST_CHECK_EQUAL(streak.pause_left(0).count(), 0);
  (void)streak.failed(1'000);
  BOOST_CHECK_EQUAL(streak.pause_left(1'000).count(), 0);
  (void)streak.failed(1'000);
  BOOST_CHECK_EQUAL(streak.pause_left(1'000).count(), 100);
  BOOST_CHECK_EQUAL(streak.pause_left(1'099).count(), 1);
  BOOST_CHECK_EQUAL(streak.pause_left(1'100).count(), 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
