// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "broker/kafka/kafka_errors.hpp"

#include <boost/test/unit_test.hpp>

using namespace millrace;
using namespace millrace::detail;
using Severity = BrokerException::Severity;

BOOST_AUTO_TEST_SUITE(KafkaErrors)

BOOST_AUTO_TEST_CASE(are_fenced_when_somebody_else_took_over) {
  for (const auto code : {RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
                          RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
                          RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID}) {
    BOOST_CHECK_MESSAGE(kafka::severity_of(code) == Severity::fenced, kafka::describe(code));
    BOOST_CHECK_MESSAGE(!kafka::remedy_for(code).empty(), kafka::describe(code));
  }
}

BOOST_AUTO_TEST_CASE(are_retriable_when_waiting_may_help) {
  for (const auto code : {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__TIMED_OUT,
                          RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                          RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS}) {
    BOOST_CHECK_MESSAGE(kafka::severity_of(code) == Severity::retriable, kafka::describe(code));
  }
}

BOOST_AUTO_TEST_CASE(are_fatal_when_nothing_helps) {
  for (const auto code : {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR__AUTHENTICATION,
                          RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR__FATAL}) {
    BOOST_CHECK_MESSAGE(kafka::severity_of(code) == Severity::fatal, kafka::describe(code));
  }
}

BOOST_AUTO_TEST_CASE(of_metadata_that_is_too_long_name_the_setting) {
  const auto code = RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE;
  BOOST_CHECK(kafka::severity_of(code) == Severity::fatal);
  BOOST_CHECK(kafka::remedy_for(code).find("offset.metadata.max.bytes") != std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(are_described_in_words_and_by_name) {
  BOOST_CHECK_EQUAL(kafka::describe(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART),
                    "Broker: Unknown topic or partition (UNKNOWN_TOPIC_OR_PART)");
}

BOOST_AUTO_TEST_SUITE_END()
