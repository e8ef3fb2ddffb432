// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "buy_signals/price_signals/topology.hpp"

#include <boost/test/unit_test.hpp>

#include "buy_signals/model.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace buy_signals;
using namespace millrace;

namespace {

constexpr Timestamp kDay = 24 * 60 * 60 * 1000;

struct Fixture {
  TopologyTestDriver driver{price_signals({.threshold = 100})};
  TestInputTopic<std::string, Price> prices = driver.create_input_topic<std::string, Price>(topic::kPricelist);
  TestOutputTopic<Unkeyed, std::string> alerts = driver.create_output_topic<Unkeyed, std::string>(topic::kAlerts);
  TestOutputTopic<Unkeyed, std::string> variations =
      driver.create_output_topic<Unkeyed, std::string>(topic::kVariations);

  void price(const std::string& symbol, int day, double open, double close) {
    prices.pipe_input(symbol, {symbol, "2012-01-0" + std::to_string(day), open, 200, 1, close, 10}, day * kDay);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(PriceSignals, Fixture)

BOOST_AUTO_TEST_CASE(a_close_above_the_threshold_is_an_alert_at_the_time_of_the_price) {
  price("A", 3, 90, 100.5);
  const auto alert = alerts.read_record();
  BOOST_TEST(alert.value == R"({"id":"A@2012-01-03","time":"2012-01-03"})");
  BOOST_TEST(alert.timestamp == 3 * kDay);
  BOOST_TEST(alerts.is_empty());
}

BOOST_AUTO_TEST_CASE(a_close_at_or_below_the_threshold_gives_no_alert) {
  price("A", 3, 150, 100);
  price("A", 4, 150, 99);
  BOOST_TEST(alerts.is_empty());
}

BOOST_AUTO_TEST_CASE(the_first_price_of_a_symbol_yields_no_variation) {
  price("A", 3, 1, 2);
  price("B", 3, 1, 2);
  BOOST_TEST(variations.is_empty());
}

BOOST_AUTO_TEST_CASE(variations_are_fractions_of_the_previous_close_and_of_the_open) {
  price("A", 3, 50, 80);
  price("B", 3, 50, 10);
  price("A", 4, 50, 60);
  const auto variation = variations.read_record();
  BOOST_TEST(variation.value == R"({"id":"A@2012-01-04","variation_ex":-0.25,"variation_in":0.2})");
  BOOST_TEST(variation.timestamp == 4 * kDay);
  price("B", 5, 10, 15);
  BOOST_TEST(variations.read_value() == R"({"id":"B@2012-01-05","variation_ex":0.5,"variation_in":0.5})");
  BOOST_TEST((driver.get_key_value_store<std::string, double>("last-close").get("A") == 60));
}

BOOST_AUTO_TEST_CASE(neither_output_has_keys) {
  price("A", 3, 50, 110);
  price("A", 4, 50, 110);
  auto keys = driver.create_output_topic<std::optional<std::string>, std::string>(topic::kAlerts);
  BOOST_TEST(!keys.read_record().key);
  keys = driver.create_output_topic<std::optional<std::string>, std::string>(topic::kVariations);
  BOOST_TEST(!keys.read_record().key);
}

BOOST_AUTO_TEST_CASE(prices_that_are_not_above_zero_are_left_out) {
  price("A", 3, 50, 80);
  price("A", 4, 50, 0);
  price("A", 5, -1, 80);
  price("A", 6, 50, 100);
  BOOST_TEST(variations.read_value() == R"({"id":"A@2012-01-06","variation_ex":0.25,"variation_in":1.0})");
  BOOST_TEST(variations.is_empty());
}

BOOST_AUTO_TEST_SUITE_END()
