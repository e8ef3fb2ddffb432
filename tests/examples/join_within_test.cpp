// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#define main join_within_main
#include "../../examples/join_within.cpp"
#undef main
#include "millrace/testing/topology_test_driver.hpp"

namespace {

constexpr Timestamp kNoon = 1325592000000;

struct Fixture {
  TopologyTestDriver driver{build_topology()};
  TestInputTopic<Unkeyed, Order> orders = driver.create_input_topic<Unkeyed, Order>("orders");
  TestInputTopic<Unkeyed, Payment> payments = driver.create_input_topic<Unkeyed, Payment>("payments");
  TestOutputTopic<std::string, std::string> settled = driver.create_output_topic<std::string, std::string>("settled");

  void order(const std::string& id, double total, Millis after) {
    orders.pipe_input({}, {id, total}, kNoon + after.count());
  }
  void payment(const std::string& id, double amount, Millis after) {
    payments.pipe_input({}, {id, amount}, kNoon + after.count());
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(JoinWithin, Fixture)

BOOST_AUTO_TEST_CASE(an_order_is_settled_by_a_payment_within_ten_minutes) {
  order("o1", 12.5, 0min);
  payment("o1", 12.5, 10min);
  BOOST_TEST(settled.read_value() == R"({"order":"o1","amount_due":0.0,"paid":true})");
  BOOST_TEST(settled.is_empty());
}

BOOST_AUTO_TEST_CASE(part_of_the_total_leaves_the_rest_due) {
  order("o1", 12.5, 0min);
  payment("o1", 2.5, 1min);
  BOOST_TEST(settled.read_value() == R"({"order":"o1","amount_due":10.0,"paid":false})");
}

BOOST_AUTO_TEST_CASE(an_order_is_written_as_unpaid_after_ten_minutes_and_grace) {
  order("o1", 12.5, 0min);
  order("o2", 1, 11min);
  BOOST_TEST(settled.is_empty());
  order("o3", 1, 11min + 1ms);
  const auto record = settled.read_record();
  BOOST_TEST(record.key == "o1");
  BOOST_TEST(record.value == R"({"order":"o1","amount_due":12.5,"paid":false})");
  BOOST_TEST(record.timestamp == kNoon);
}

BOOST_AUTO_TEST_CASE(a_payment_before_the_order_does_not_match) {
  payment("o1", 12.5, 0min);
  order("o1", 12.5, 1ms);
  BOOST_TEST(settled.is_empty());
}

BOOST_AUTO_TEST_SUITE_END()
