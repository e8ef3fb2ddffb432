// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "broker/kafka/client_config.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::detail;
using kafka::ClientKind;

namespace {

std::string value_of(const kafka::PreparedConfig& config, const char* key) {
  char value[512] = "";
  std::size_t size = sizeof value;
  BOOST_REQUIRE_EQUAL(rd_kafka_conf_get(config.conf.get(), key, value, &size), RD_KAFKA_CONF_OK);
  return value;
}

kafka::PreparedConfig prepare(ClientKind kind, const ClientConfig& config, const ClientConfig& common = {}) {
  return kafka::prepare_config(kind, "somewhere:9092", common, config);
}

auto says(const std::vector<std::string>& words) {
  return [words](const std::exception& error) {
    const std::string text = error.what();
    for (const auto& word : words) {
      if (text.find(word) == std::string::npos) {
        BOOST_TEST_MESSAGE("not in \"" << text << "\": " << word);
        return false;
      }
    }
    return true;
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(KafkaClientConfig)

BOOST_AUTO_TEST_CASE(translates_names_of_the_java_client) {
  const auto consumer = prepare(ClientKind::consumer, {{"fetch.max.wait.ms", "7"},
                                                       {"receive.buffer.bytes", "70000"},
                                                       {"request.timeout.ms", "17000"},
                                                       {"auto.offset.reset", "none"}});
  BOOST_CHECK_EQUAL(value_of(consumer, "fetch.wait.max.ms"), "7");
  BOOST_CHECK_EQUAL(value_of(consumer, "socket.receive.buffer.bytes"), "70000");
  BOOST_CHECK_EQUAL(value_of(consumer, "socket.timeout.ms"), "17000");
  BOOST_CHECK_EQUAL(value_of(consumer, "auto.offset.reset"), "error");

  const auto producer = prepare(ClientKind::producer, {{"max.request.size", "2000000"},
                                                       {"buffer.memory", "33554432"},
                                                       {"delivery.timeout.ms", "90000"},
                                                       {"max.in.flight.requests.per.connection", "3"}});
  BOOST_CHECK_EQUAL(value_of(producer, "message.max.bytes"), "2000000");
  BOOST_CHECK_EQUAL(value_of(producer, "queue.buffering.max.kbytes"), "32768");
  BOOST_CHECK_EQUAL(value_of(producer, "message.timeout.ms"), "90000");
  BOOST_CHECK_EQUAL(value_of(producer, "max.in.flight"), "3");
}

BOOST_AUTO_TEST_CASE(ignores_settings_of_the_java_client_alone) {
  BOOST_CHECK_NO_THROW(
      prepare(ClientKind::consumer,
              {{"key.deserializer", "org.apache.Kafka"},
               {"max.poll.records", "1000"},
               {"interceptor.classes", ""},
               {"partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"}}));
  BOOST_CHECK_NO_THROW(prepare(ClientKind::producer, {{"value.serializer", "org.apache.Kafka"}}));
}

BOOST_AUTO_TEST_CASE(names_a_setting_that_nobody_knows) {
  BOOST_CHECK_EXCEPTION(prepare(ClientKind::consumer, {{"fetch.min.byte", "1"}}), ConfigException,
                        says({"'fetch.min.byte'", "'1'", "consumer"}));
  BOOST_CHECK_EXCEPTION(prepare(ClientKind::producer, {}, {{"sasl.jaas.config", "secret"}}), ConfigException,
                        says({"'sasl.jaas.config'", "(hidden)", "sasl.username"}));
}

BOOST_AUTO_TEST_CASE(names_a_value_that_cannot_be) {
  BOOST_CHECK_EXCEPTION(prepare(ClientKind::producer, {{"acks", "some"}}), ConfigException, says({"'acks'", "'some'"}));
  BOOST_CHECK_EXCEPTION(prepare(ClientKind::consumer, {{"default.api.timeout.ms", "soon"}}), ConfigException,
                        says({"'default.api.timeout.ms'", "'soon'"}));
  BOOST_CHECK_EXCEPTION(prepare(ClientKind::consumer, {{"session.timeout.ms", "-1"}}), ConfigException,
                        says({"'session.timeout.ms'", "'-1'"}));
}

BOOST_AUTO_TEST_CASE(refuses_settings_that_would_break_the_engine) {
  BOOST_CHECK_EXCEPTION(prepare(ClientKind::consumer, {{"enable.auto.commit", "true"}}), ConfigException,
                        says({"'enable.auto.commit'"}));
  BOOST_CHECK_EXCEPTION(prepare(ClientKind::consumer, {{"partition.assignment.strategy", "range"}}), ConfigException,
                        says({"'range'", "cooperative-sticky"}));
  const auto consumer = prepare(ClientKind::consumer, {{"group.id", "g"}});
  BOOST_CHECK_EQUAL(value_of(consumer, "partition.assignment.strategy"), "cooperative-sticky");
  BOOST_CHECK_EQUAL(value_of(consumer, "enable.auto.commit"), "false");
}

BOOST_AUTO_TEST_CASE(has_the_java_client_s_defaults_where_they_matter) {
  BOOST_CHECK_EQUAL(value_of(prepare(ClientKind::consumer, {}), "isolation.level"), "read_uncommitted");
  BOOST_CHECK_EQUAL(value_of(prepare(ClientKind::producer, {}), "enable.idempotence"), "true");
  BOOST_CHECK_EQUAL(value_of(prepare(ClientKind::producer, {}), "partitioner"), "murmur2_random");
  BOOST_CHECK_EQUAL(prepare(ClientKind::producer, {}).api_timeout.count(), 60'000);
}

BOOST_AUTO_TEST_CASE(limits_delivery_to_two_minutes_and_to_the_transaction_timeout) {
  const auto delivery_ms = [](const ClientConfig& config) {
    return value_of(prepare(ClientKind::producer, config), "message.timeout.ms");
  };
  BOOST_CHECK_EQUAL(delivery_ms({}), "120000");
  BOOST_CHECK_EQUAL(delivery_ms({{"delivery.timeout.ms", "300000"}}), "300000");
  BOOST_CHECK_EQUAL(delivery_ms({{"transactional.id", "t"}}), "60000");
  BOOST_CHECK_EQUAL(delivery_ms({{"transactional.id", "t"}, {"transaction.timeout.ms", "10000"}}), "10000");
  BOOST_CHECK_EQUAL(delivery_ms({{"transactional.id", "t"}, {"delivery.timeout.ms", "5000"}}), "5000");
}

BOOST_AUTO_TEST_CASE(lets_the_client_s_own_settings_win_over_the_common_ones) {
  const auto config =
      prepare(ClientKind::consumer, {{"fetch.wait.max.ms", "3"}}, {{"fetch.wait.max.ms", "30"}, {"client.id", "all"}});
  BOOST_CHECK_EQUAL(value_of(config, "fetch.wait.max.ms"), "3");
  BOOST_CHECK_EQUAL(value_of(config, "client.id"), "all");
  BOOST_CHECK_EQUAL(value_of(config, "bootstrap.servers"), "somewhere:9092");
}

BOOST_AUTO_TEST_SUITE_END()
