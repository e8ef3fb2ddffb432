// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "broker/kafka/coordinator_answer.hpp"

#include <boost/test/unit_test.hpp>

using namespace millrace::detail::kafka;

BOOST_AUTO_TEST_SUITE(CoordinatorAnswers)

BOOST_AUTO_TEST_CASE(name_the_broker_and_its_error) {
  const auto answer = coordinator_answer("CGRPCOORD",
                                         "localhost:9092/1: Group \"app\" FindCoordinator response error: "
                                         "COORDINATOR_NOT_AVAILABLE: The coordinator is not available.");
  BOOST_REQUIRE(answer.has_value());
  BOOST_CHECK_EQUAL(answer->code, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
  BOOST_CHECK_EQUAL(answer->text,
                    "broker localhost:9092/1 names no coordinator: COORDINATOR_NOT_AVAILABLE: The coordinator is not "
                    "available");
}

BOOST_AUTO_TEST_CASE(name_the_error_about_transactions) {
  for (const std::string before : {"", "Transaction coordinator changed from b1 -> (none): "}) {
    const auto answer = coordinator_answer("TXNCOORD", before +
                                                           "Failed to find transaction coordinator: "
                                                           "COORDINATOR_NOT_AVAILABLE: Broker: Coordinator not "
                                                           "available");
    BOOST_REQUIRE(answer.has_value());
    BOOST_CHECK_EQUAL(answer->code, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
    BOOST_CHECK_EQUAL(answer->text,
                      "the brokers name no coordinator: COORDINATOR_NOT_AVAILABLE: Broker: Coordinator not available");
  }
}

BOOST_AUTO_TEST_CASE(know_every_error_by_its_name) {
  const auto answer = coordinator_answer(
      "CGRPCOORD", "b: Group \"g\" FindCoordinator response error: GROUP_AUTHORIZATION_FAILED: no right");
  BOOST_REQUIRE(answer.has_value());
  BOOST_CHECK_EQUAL(answer->code, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  const auto strange = coordinator_answer("CGRPCOORD", "FindCoordinator response error: BRAND_NEW: text");
  BOOST_REQUIRE(strange.has_value());
  BOOST_CHECK_EQUAL(strange->code, RD_KAFKA_RESP_ERR_UNKNOWN);
}

BOOST_AUTO_TEST_CASE(name_the_coordinator) {
  const auto group =
      coordinator_answer("CGRPCOORD", "localhost:9092/1: Group \"app\" coordinator is kafka-2:9093 id 2");
  BOOST_REQUIRE(group.has_value());
  BOOST_CHECK_EQUAL(group->code, RD_KAFKA_RESP_ERR_NO_ERROR);
  BOOST_CHECK_EQUAL(group->text, "the coordinator is kafka-2:9093 id 2");
  const auto transactions =
      coordinator_answer("TXNCOORD", "b: FindCoordinator response: Transaction coordinator is broker 2 (kafka-2:9093)");
  BOOST_REQUIRE(transactions.has_value());
  BOOST_CHECK_EQUAL(transactions->text, "the coordinator is broker 2 (kafka-2:9093)");
}

BOOST_AUTO_TEST_CASE(are_not_read_from_other_lines) {
  BOOST_CHECK(!coordinator_answer("CGRPCOORD", "Group \"app\" changing coordinator -1 -> 2"));
  BOOST_CHECK(!coordinator_answer("TXNCOORD", "Querying for transaction coordinator: Acquire PID"));
  BOOST_CHECK(!coordinator_answer("FAIL", "FindCoordinator response error: X: y"));
}

BOOST_AUTO_TEST_SUITE_END()
