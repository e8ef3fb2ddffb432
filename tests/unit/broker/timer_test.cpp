// SPDX-License-Identifier: Apache-2.0
// The timer thread of the embedded broker.
#include "broker/embedded/timer.hpp"

#define BOOST_TEST_DYN_LINK
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <future>
#include <vector>

using millrace::detail::embedded::Timer;

BOOST_AUTO_TEST_SUITE(ATimer)

BOOST_AUTO_TEST_CASE(runs_jobs_in_the_order_of_their_times) {
  const auto now = std::chrono::steady_clock::now();
  std::vector<int> ran;
  std::promise<void> planned;
  std::promise<void> done;
  Timer timer;
  timer.at(now, [&] { planned.get_future().wait(); });  // holds the other jobs back until all are planned
  timer.at(now + std::chrono::milliseconds(4), [&] {
    ran.push_back(4);
    done.set_value();
  });
  timer.at(now + std::chrono::milliseconds(2), [&] {
    ran.push_back(2);
    timer.at(now + std::chrono::milliseconds(3), [&] { ran.push_back(3); });  // jobs may plan others
  });
  timer.at(now + std::chrono::milliseconds(1), [&] { ran.push_back(1); });
  planned.set_value();
  done.get_future().wait();
  const std::vector<int> expected = {1, 2, 3, 4};
  BOOST_TEST(ran == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(drops_what_is_not_due_when_it_ends) {
  bool ran = false;
  {
    Timer timer;
    timer.at(std::chrono::steady_clock::now() + std::chrono::hours(1), [&] { ran = true; });
  }
  BOOST_CHECK(!ran);
}

BOOST_AUTO_TEST_CASE(runs_nothing_after_it_was_stopped) {
  std::atomic<int> runs = 0;
  Timer timer;
  timer.at(std::chrono::steady_clock::now() + std::chrono::hours(1), [&] { ++runs; });
  timer.stop();
  timer.stop();
  timer.at(std::chrono::steady_clock::now(), [&] { ++runs; });
  BOOST_TEST(runs == 0);
}

BOOST_AUTO_TEST_SUITE_END()
