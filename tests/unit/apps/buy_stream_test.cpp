// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "buy_signals/buy_stream/topology.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>

#include "buy_signals/applications.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace buy_signals;
using namespace millrace;
using namespace std::chrono_literals;

namespace {

constexpr Timestamp kNoon = 1325592000000;

struct Fixture {
  TopologyTestDriver driver{buy_stream({}), application_defaults(kBuyStream)};
  TestInputTopic<Unkeyed, std::string> alerts = driver.create_input_topic<Unkeyed, std::string>(topic::kAlerts);
  TestInputTopic<Unkeyed, std::string> variations = driver.create_input_topic<Unkeyed, std::string>(topic::kVariations);
  TestOutputTopic<std::string, std::string> buys = driver.create_output_topic<std::string, std::string>(topic::kBuy);

  void alert(const std::string& id, Millis after = 0ms) {
    alerts.pipe_input({}, R"({"id":")" + id + R"(","time":"2012-01-03"})", kNoon + after.count());
  }
  void variation(const std::string& id, const std::string& change, Millis after = 0ms) {
    variations.pipe_input({}, R"({"id":")" + id + R"(","variation_ex":)" + change + R"(,"variation_in":0.5})",
                          kNoon + after.count());
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(BuyStream, Fixture)

BOOST_AUTO_TEST_CASE(writes_what_the_ksqldb_query_wrote) {
  alert("A@2012-01-03");
  variation("A@2012-01-03", "0.03", 2min);
  const auto buy = buys.read_record();
  BOOST_TEST(buy.key == "A@2012-01-03");
  BOOST_TEST(buy.value == R"({"A_ID":"A@2012-01-03"})");
  BOOST_TEST(buy.timestamp == kNoon + 120'000);
  BOOST_TEST(buys.is_empty());
}

BOOST_AUTO_TEST_CASE(either_side_may_come_first) {
  variation("A", "0.03", 2min);
  alert("A");
  BOOST_TEST(buys.read_record().timestamp == kNoon + 120'000);
}

BOOST_AUTO_TEST_CASE(a_fall_counts_as_a_rise_does) {
  alert("A");
  variation("A", "-0.0201");
  BOOST_TEST(buys.read_record().key == "A");
}

BOOST_AUTO_TEST_CASE(a_change_of_just_the_minimum_is_too_small) {
  alert("A");
  variation("A", "0.02");
  variation("A", "-0.02");
  BOOST_TEST(buys.is_empty());
}

BOOST_AUTO_TEST_CASE(records_match_up_to_five_minutes_apart) {
  alert("A");
  variation("A", "0.03", 5min);
  BOOST_TEST(buys.queue_size() == 1);
  alert("B");
  variation("B", "0.03", 5min + 1ms);
  variation("B", "0.03", -(5min + 1ms));
  BOOST_TEST(buys.queue_size() == 1);
}

BOOST_AUTO_TEST_CASE(another_observation_does_not_match) {
  alert("A@2012-01-03");
  variation("A@2012-01-04", "0.03");
  BOOST_TEST(buys.is_empty());
}

BOOST_AUTO_TEST_CASE(nothing_is_lost_if_one_topic_is_years_ahead) {
  const auto year = std::chrono::days(365);
  for (int i = 0; i < 13; ++i) alert("A" + std::to_string(i), i * year);
  for (int i = 0; i < 13; ++i) variation("A" + std::to_string(i), "0.03", i * year);
  BOOST_TEST(buys.queue_size() == 13);
}

BOOST_AUTO_TEST_CASE(unreadable_rows_and_rows_without_id_are_skipped) {
  alerts.pipe_raw({}, R"({"id":null,"time":"2012-01-03"})", kNoon);
  alerts.pipe_raw({}, R"({"time":"2012-01-03"})", kNoon);
  alerts.pipe_raw({}, "{\"id\":", kNoon);
  alerts.pipe_raw({}, "\xff\xfe", kNoon);
  alerts.pipe_raw({}, std::nullopt, kNoon);
  variations.pipe_raw({}, R"({"id":null,"variation_ex":1,"variation_in":1})", kNoon);
  variations.pipe_raw({}, R"({"id":"A","variation_ex":"much","variation_in":1})", kNoon);
  BOOST_TEST(buys.is_empty());
  BOOST_TEST(driver.dropped_records() == 7);
  alert("A");
  variation("A", "0.03");
  BOOST_TEST(buys.queue_size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
