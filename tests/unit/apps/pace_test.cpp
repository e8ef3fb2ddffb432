// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "buy_signals/replay/pace.hpp"

#include <boost/test/unit_test.hpp>

using namespace buy_signals;
using namespace std::chrono_literals;

namespace {

PriceRow on(std::chrono::sys_days day) {
  PriceRow row;
  row.day = day;
  return row;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ReplayPace)

BOOST_AUTO_TEST_CASE(without_a_speed_every_row_is_due) {
  Pace pace{std::nullopt};
  BOOST_TEST(pace.until_due(on(2000y / 1 / 1)).count() == 0);
  BOOST_TEST(pace.until_due(on(2020y / 1 / 1)).count() == 0);
}

BOOST_AUTO_TEST_CASE(a_day_takes_a_second_at_speed_86400) {
  Pace pace{86'400};
  const Pace::Clock::time_point start{100s};
  BOOST_TEST(pace.until_due(on(2012y / 1 / 3), start).count() == 0);
  BOOST_TEST(pace.until_due(on(2012y / 1 / 4), start).count() == 1000);
  BOOST_TEST(pace.until_due(on(2012y / 1 / 6), start + 1s).count() == 2000);
  BOOST_TEST(pace.until_due(on(2012y / 1 / 6), start + 2999999us).count() == 1);
  BOOST_TEST(pace.until_due(on(2012y / 1 / 6), start + 3s).count() == 0);
  BOOST_TEST(pace.until_due(on(2012y / 1 / 6), start + 1h).count() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
