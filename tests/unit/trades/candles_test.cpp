// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"
#include "millrace/testing/topology_test_driver.hpp"
#include "trades/model.hpp"
#include "trades/topics.hpp"
#include "trades/trades_analysis/topology.hpp"

using namespace trades;
using namespace millrace;

namespace {

constexpr Timestamp kMinute = 60'000;

struct Fixture {
  TopologyTestDriver driver{trades_analysis({.grace_seconds = 5})};
  TestInputTopic<std::string, Trade> raw = driver.create_input_topic<std::string, Trade>(topic::kRawData);
  TestOutputTopic<std::string, Candle> candles = driver.create_output_topic<std::string, Candle>(topic::kCandles);

  void trade(const std::string& symbol, Timestamp time, double price, double volume = 1) {
    raw.pipe_input(symbol, {.symbol = symbol, .price = price, .volume = volume, .time = time}, time);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(Candles, Fixture)

BOOST_AUTO_TEST_CASE(a_candle_has_the_prices_and_sums_of_its_minute) {
  trade("A", kMinute + 1, 10, 2);
  trade("A", kMinute + 2, 13, 1);
  trade("A", kMinute + 3, 9, 1);
  trade("A", 2 * kMinute - 1, 11, 4);
  BOOST_TEST(candles.is_empty());
  trade("A", 2 * kMinute + 5000, 99);
  const auto record = candles.read_record();
  const Candle& candle = record.value;
  BOOST_TEST(record.key == "A");
  BOOST_TEST(candle.symbol == "A");
  BOOST_TEST(candle.start == kMinute);
  BOOST_TEST(candle.open == 10);
  BOOST_TEST(candle.high == 13);
  BOOST_TEST(candle.low == 9);
  BOOST_TEST(candle.close == 11);
  BOOST_TEST(candle.volume == 8);
  BOOST_TEST(candle.vwap == (20.0 + 13 + 9 + 44) / 8);
  BOOST_TEST(candle.trades == 4);
  BOOST_TEST(candles.is_empty());
}

BOOST_AUTO_TEST_CASE(a_candle_comes_when_the_grace_is_over_and_not_before) {
  trade("A", kMinute, 10);
  trade("B", 2 * kMinute + 4999, 1);
  BOOST_TEST(candles.is_empty());
  trade("B", 2 * kMinute + 5000, 1);
  BOOST_TEST(candles.read_record().key == "A");
}

BOOST_AUTO_TEST_CASE(open_and_close_go_by_time_and_then_by_order_of_reading) {
  trade("A", kMinute + 20, 2);
  trade("A", kMinute + 30, 3);
  trade("A", kMinute + 10, 1);
  trade("A", kMinute + 10, 1.5);
  trade("A", kMinute + 30, 3.5);
  trade("A", 3 * kMinute, 9);
  const auto candle = candles.read_record().value;
  BOOST_TEST(candle.open == 1);
  BOOST_TEST(candle.close == 3.5);
}

BOOST_AUTO_TEST_CASE(a_trade_within_the_grace_counts_and_a_later_one_does_not) {
  trade("A", kMinute, 10);
  trade("A", 2 * kMinute + 4000, 10);
  trade("A", kMinute + 1, 20);
  trade("A", 2 * kMinute + 5000, 10);
  trade("A", kMinute + 2, 30);
  trade("A", 4 * kMinute, 10);
  BOOST_TEST(candles.read_record().value.high == 20);
  BOOST_TEST(candles.read_record().value.start == 2 * kMinute);
  BOOST_TEST(candles.is_empty());
}

BOOST_AUTO_TEST_CASE(a_minute_without_volume_has_the_plain_average) {
  trade("EUR", kMinute, 1, 0);
  trade("EUR", kMinute + 1, 2, 0);
  trade("EUR", 3 * kMinute, 2, 0);
  const auto candle = candles.read_record().value;
  BOOST_TEST(candle.vwap == 1.5);
  BOOST_TEST(candle.volume == 0);
}

BOOST_AUTO_TEST_CASE(each_symbol_has_candles_of_its_own) {
  trade("A", kMinute, 1);
  trade("B", kMinute, 2);
  trade("A", 3 * kMinute, 1);
  BOOST_TEST(candles.read_record().value.close + candles.read_record().value.close == 3);
  BOOST_TEST(candles.is_empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(rules_that_make_no_sense_are_refused) {
  BOOST_CHECK_THROW((void)trades_analysis({.grace_seconds = -1}), ConfigException);
  BOOST_CHECK_THROW((void)trades_analysis({.factor = 0}), ConfigException);
  BOOST_CHECK_THROW((void)trades_analysis({.window = 0}), ConfigException);
}
