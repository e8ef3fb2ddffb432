// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/testing/topology_test_driver.hpp"
#include "trades/model.hpp"
#include "trades/topics.hpp"
#include "trades/trades_analysis/large_trade_finder.hpp"
#include "trades/trades_analysis/topology.hpp"

using namespace trades;
using namespace millrace;

namespace {

struct Fixture {
  TopologyTestDriver driver{trades_analysis({.factor = 2, .window = 3})};
  TestInputTopic<std::string, Trade> raw = driver.create_input_topic<std::string, Trade>(topic::kRawData);
  TestOutputTopic<std::string, LargeTrade> large =
      driver.create_output_topic<std::string, LargeTrade>(topic::kLargeTrades);
  Timestamp time = 1000;

  void trade(const std::string& symbol, double volume) {
    ++time;
    raw.pipe_input(symbol, {.symbol = symbol, .price = 7, .volume = volume, .time = time}, time);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(LargeTrades, Fixture)

BOOST_AUTO_TEST_CASE(a_trade_above_the_factor_is_large) {
  for (const double volume : {1.0, 2.0, 3.0}) trade("A", volume);
  trade("A", 4.5);
  const auto record = large.read_record();
  BOOST_TEST(record.key == "A");
  BOOST_TEST(record.value.volume == 4.5);
  BOOST_TEST(record.value.average == 2);
  BOOST_TEST(record.value.price == 7);
  BOOST_TEST(record.value.time == time);
  BOOST_TEST(record.timestamp == time);
}

BOOST_AUTO_TEST_CASE(a_trade_of_exactly_the_factor_is_not_large) {
  for (const double volume : {1.0, 2.0, 3.0, 4.0}) trade("A", volume);
  BOOST_TEST(large.is_empty());
}

BOOST_AUTO_TEST_CASE(no_trade_is_large_before_the_window_is_full) {
  for (const double volume : {1.0, 1.0, 1000.0}) trade("A", volume);
  BOOST_TEST(large.is_empty());
}

BOOST_AUTO_TEST_CASE(the_average_moves_and_contains_the_large_trades) {
  for (const double volume : {1.0, 1.0, 1.0, 10.0}) trade("A", volume);
  BOOST_TEST(large.read_record().value.average == 1);
  trade("A", 8);  // the average of 1, 1, 10 is 4
  BOOST_TEST(large.is_empty());
  trade("A", 100);
  BOOST_TEST(large.read_record().value.average == (1.0 + 10 + 8) / 3);
}

BOOST_AUTO_TEST_CASE(symbols_do_not_mix) {
  for (const double volume : {1.0, 1.0, 1.0}) trade("A", volume);
  trade("B", 1000);
  BOOST_TEST(large.is_empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(a_ring_of_another_size_begins_anew) {
  RecentVolumes recent;
  for (int i = 0; i < 5; ++i) recent.add(i, 5);
  recent.add(9, 3);
  BOOST_TEST(recent.volumes.size() == 1U);
  recent.next = -4;
  recent.add(9, 3);
  BOOST_TEST(recent.volumes.size() == 1U);
}
