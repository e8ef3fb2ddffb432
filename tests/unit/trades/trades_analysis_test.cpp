// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "millrace/testing/topology_test_driver.hpp"
#include "trades/applications.hpp"
#include "trades/model.hpp"
#include "trades/trades_analysis/topology.hpp"

using namespace millrace;
using namespace trades;

namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kStart = 1'700'000'040'000;  // the begin of a minute

struct Fixture {
  AnalysisRules rules;
  TopologyTestDriver driver{trades_analysis(rules), analysis_defaults()};
  TestInputTopic<std::string, Trade> in = driver.create_input_topic<std::string, Trade>(topic::kRawData);
  TestOutputTopic<std::string, Candle> candles = driver.create_output_topic<std::string, Candle>(topic::kCandles);
  TestOutputTopic<std::string, LargeTrade> large =
      driver.create_output_topic<std::string, LargeTrade>(topic::kLargeTrades);

  /// `offset`: ms behind kStart.
  void trade(const std::string& symbol, double price, double volume, std::int64_t offset) {
    in.pipe_input(symbol, {symbol, price, volume, kStart + offset, {}}, kStart + offset);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(TradesAnalysis, Fixture)

BOOST_AUTO_TEST_CASE(makes_a_candle_when_its_minute_and_the_grace_are_over) {
  trade("A", 10, 1, 0);
  trade("A", 14, 2, 20'000);
  trade("A", 9, 1, 40'000);
  trade("A", 12, 4, 59'999);
  trade("A", 13, 1, kMinute + 4'999);
  BOOST_TEST(candles.is_empty());
  trade("A", 13, 1, kMinute + 5'000);
  const auto record = candles.read_record();
  BOOST_TEST(record.key == "A");
  const Candle candle = record.value;
  BOOST_TEST(candle.symbol == "A");
  BOOST_TEST(candle.start == kStart);
  BOOST_TEST(candle.open == 10);
  BOOST_TEST(candle.high == 14);
  BOOST_TEST(candle.low == 9);
  BOOST_TEST(candle.close == 12);
  BOOST_TEST(candle.volume == 8);
  BOOST_TEST(candle.vwap == (10 * 1 + 14 * 2 + 9 * 1 + 12 * 4) / 8.0);
  BOOST_TEST(candle.trades == 4);
  BOOST_TEST(candles.is_empty());
}

BOOST_AUTO_TEST_CASE(takes_the_order_of_event_time_for_open_and_close) {
  trade("A", 11, 1, 30'000);
  trade("A", 10, 1, 1'000);   // comes late, and opens
  trade("A", 12, 1, 29'000);  // comes late, and does not close
  trade("A", 13, 1, 30'000);  // the same time: came later
  trade("A", 1, 1, 2 * kMinute);
  const auto candle = candles.read_value();
  BOOST_TEST(candle.open == 10);
  BOOST_TEST(candle.close == 13);
}

BOOST_AUTO_TEST_CASE(leaves_out_trades_behind_the_grace) {
  trade("A", 10, 1, 0);
  trade("A", 11, 1, kMinute + 5'000);
  trade("A", 99, 1, 1'000);
  BOOST_TEST(candles.read_value().trades == 1);
  trade("A", 12, 1, 3 * kMinute);
  BOOST_TEST(candles.read_value().high == 11);
}

BOOST_AUTO_TEST_CASE(averages_prices_if_no_volume_was_traded) {
  trade("A", 10, 0, 0);
  trade("A", 20, 0, 1);
  trade("A", 1, 1, 2 * kMinute);
  BOOST_TEST(candles.read_value().vwap == 15);
}

BOOST_AUTO_TEST_CASE(equals_an_independent_computation) {
  std::mt19937 random(7);
  std::map<std::pair<std::string, std::int64_t>, std::vector<Trade>> minutes;
  const std::vector<std::string> symbols{"A", "B", "BINANCE:BTCUSDT"};
  for (int n = 0; n < 5'000; ++n) {
    const auto& symbol = symbols[random() % 3];
    // In disorder, but never later than the grace.
    const std::int64_t time = n * 100 - static_cast<std::int64_t>(random() % 2'000) + 2'000;
    const Trade made{symbol, 100 + random() % 1000 / 100.0, static_cast<double>(random() % 50), kStart + time, {}};
    minutes[{symbol, made.time / kMinute * kMinute}].push_back(made);
    trade(symbol, made.price, made.volume, time);
  }
  // Closes all windows.
  for (const auto& symbol : symbols) trade(symbol, 1, 1, 100 * kMinute);
  std::size_t count = 0;
  while (!candles.is_empty()) {
    const Candle candle = candles.read_value();
    if (candle.start > kStart + 50 * kMinute) continue;
    ++count;
    auto trades = minutes.at({candle.symbol, candle.start});
    std::ranges::stable_sort(trades, {}, &Trade::time);
    BOOST_TEST(candle.trades == static_cast<std::int64_t>(trades.size()));
    BOOST_TEST(candle.open == trades.front().price);
    BOOST_TEST(candle.close == trades.back().price);
    BOOST_TEST(candle.high == std::ranges::max(trades, {}, &Trade::price).price);
    BOOST_TEST(candle.low == std::ranges::min(trades, {}, &Trade::price).price);
    double volume = 0, turnover = 0;
    for (const auto& made : trades) {
      volume += made.volume;
      turnover += made.volume * made.price;
    }
    BOOST_TEST(candle.volume == volume);
    BOOST_TEST(std::abs(candle.vwap - turnover / volume) < 1e-9);
  }
  BOOST_TEST(count == minutes.size());
}

BOOST_AUTO_TEST_CASE(finds_trades_that_are_much_larger_than_those_before) {
  for (int n = 0; n < 20; ++n) trade("A", 10, 2, n);
  trade("B", 10, 1'000, 21);  // the first one of its symbol
  trade("A", 10, 10, 22);     // not more than 5 times the average
  BOOST_TEST(large.is_empty());
  trade("A", 11, 13, 23);
  const auto record = large.read_record();
  BOOST_TEST(record.key == "A");
  BOOST_TEST(record.value.volume == 13);
  BOOST_TEST(record.value.price == 11);
  BOOST_TEST(record.value.time == kStart + 23);
  BOOST_TEST(std::abs(record.value.average_volume - 50.0 / 21) < 1e-9);
  BOOST_TEST(large.is_empty());
}

BOOST_AUTO_TEST_SUITE_END()
