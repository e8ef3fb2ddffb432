// SPDX-License-Identifier: Apache-2.0
// The settings of the clients that a stream thread creates.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/client_configs.hpp"

#include <boost/test/unit_test.hpp>

namespace millrace::detail {
namespace {

const ClientNames kNames{"app", "uuid", "app-uuid", 2};

StreamsConfig config(const std::string& guarantee = "at_least_once") {
  StreamsConfig config;
  config.set("application.id", "app").set("processing.guarantee", guarantee);
  return config;
}

BOOST_AUTO_TEST_SUITE(ClientConfigs)

BOOST_AUTO_TEST_CASE(have_the_names_of_kafka_streams) {
  BOOST_CHECK_EQUAL(kNames.thread_name(), "app-uuid-StreamThread-2");
  BOOST_CHECK_EQUAL(main_consumer_config(config(), kNames).at("client.id"), "app-uuid-StreamThread-2-consumer");
  BOOST_CHECK_EQUAL(main_consumer_config(config(), kNames).at("group.id"), "app");
  BOOST_CHECK_EQUAL(restore_consumer_config(config(), kNames).at("client.id"),
                    "app-uuid-StreamThread-2-restore-consumer");
  BOOST_CHECK_EQUAL(producer_config(config(), kNames).at("client.id"), "app-uuid-StreamThread-2-producer");
  BOOST_CHECK_EQUAL(producer_config(config("exactly_once_v2"), kNames).at("transactional.id"), "app-uuid-2");
}

BOOST_AUTO_TEST_CASE(start_at_the_earliest_offset_and_never_commit_by_themselves) {
  const auto consumer = main_consumer_config(config(), kNames);
  BOOST_CHECK_EQUAL(consumer.at("auto.offset.reset"), "earliest");
  BOOST_CHECK_EQUAL(consumer.at("enable.auto.commit"), "false");
  BOOST_CHECK_EQUAL(consumer.at("isolation.level"), "read_uncommitted");
}

BOOST_AUTO_TEST_CASE(are_transactional_under_exactly_once) {
  const auto eos = config("exactly_once_v2");
  BOOST_CHECK_EQUAL(main_consumer_config(eos, kNames).at("isolation.level"), "read_committed");
  BOOST_CHECK_EQUAL(restore_consumer_config(eos, kNames).at("isolation.level"), "read_committed");
  BOOST_CHECK_EQUAL(producer_config(eos, kNames).at("transaction.timeout.ms"), "10000");
  BOOST_CHECK(!producer_config(config(), kNames).contains("transactional.id"));
  BOOST_CHECK(!producer_config(config(), kNames).contains("transaction.timeout.ms"));
}

BOOST_AUTO_TEST_CASE(prefer_the_most_specific_user_setting) {
  auto given = config();
  given.set("consumer.auto.offset.reset", "latest")
      .set("consumer.fetch.min.bytes", "1")
      .set("main.consumer.fetch.min.bytes", "2")
      .set("restore.consumer.fetch.min.bytes", "3")
      .set("producer.linger.ms", "7")
      .set("security.protocol", "SSL")
      .set("ssl.ca.location", "ca.pem");
  const auto main = main_consumer_config(given, kNames);
  BOOST_CHECK_EQUAL(main.at("auto.offset.reset"), "latest");
  BOOST_CHECK_EQUAL(main.at("fetch.min.bytes"), "2");
  const auto restore = restore_consumer_config(given, kNames);
  BOOST_CHECK_EQUAL(restore.at("auto.offset.reset"), "earliest");
  BOOST_CHECK_EQUAL(restore.at("fetch.min.bytes"), "3");
  const auto producer = producer_config(given, kNames);
  BOOST_CHECK_EQUAL(producer.at("linger.ms"), "7");
  for (const auto& settings : {main, restore, producer}) {
    BOOST_CHECK_EQUAL(settings.at("security.protocol"), "SSL");
    BOOST_CHECK_EQUAL(settings.at("ssl.ca.location"), "ca.pem");
  }
}

BOOST_AUTO_TEST_CASE(number_static_members_by_thread) {
  auto given = config();
  given.set("consumer.group.instance.id", "host-a");
  BOOST_CHECK_EQUAL(main_consumer_config(given, kNames).at("group.instance.id"), "host-a-2");
  BOOST_CHECK(!restore_consumer_config(given, kNames).contains("group.instance.id"));
}

BOOST_AUTO_TEST_CASE(say_how_often_the_thread_must_poll) {
  BOOST_CHECK_EQUAL(max_poll_interval(main_consumer_config(config(), kNames)).count(), 300'000);
  auto given = config();
  given.set("consumer.max.poll.interval.ms", "60000").set("main.consumer.max.poll.interval.ms", "6000");
  BOOST_CHECK_EQUAL(max_poll_interval(main_consumer_config(given, kNames)).count(), 6'000);
}

BOOST_AUTO_TEST_CASE(say_how_long_a_transaction_may_take) {
  BOOST_CHECK(!transaction_timeout(producer_config(config(), kNames)));
  auto given = config("exactly_once_v2");
  BOOST_CHECK_EQUAL(transaction_timeout(producer_config(given, kNames))->count(), 10'000);
  given.set("producer.transaction.timeout.ms", "45000");
  BOOST_CHECK_EQUAL(transaction_timeout(producer_config(given, kNames))->count(), 45'000);
}

BOOST_AUTO_TEST_CASE(say_how_many_records_a_poll_may_bring) {
  BOOST_CHECK_EQUAL(records_per_poll({}, 1'000), 1'000U);
  BOOST_CHECK_EQUAL(records_per_poll({{"max.poll.records", "7"}}, 1'000), 7U);
  BOOST_CHECK_EQUAL(records_per_poll({{"max.poll.records", "0"}}, 1'000), 1'000U);
  BOOST_CHECK_EQUAL(records_per_poll({{"max.poll.records", "many"}}, 1'000), 1'000U);
}

BOOST_AUTO_TEST_CASE(say_whether_keys_go_elsewhere_than_by_default) {
  for (const char* same : {"murmur2", "murmur2_random"}) BOOST_CHECK(!places_keys_otherwise({{"partitioner", same}}));
  BOOST_CHECK(!places_keys_otherwise({}));
  for (const char* other : {"random", "consistent", "consistent_random", "fnv1a", "fnv1a_random"}) {
    BOOST_CHECK(places_keys_otherwise({{"partitioner", other}}));
  }
}

BOOST_AUTO_TEST_CASE(show_the_plan_at_the_end_of_the_client_id) {
  const auto marked = with_plan({{"client.id", "app-consumer"}}, 0x00ab'0000'0000'00ffULL);
  BOOST_CHECK_EQUAL(marked.at("client.id"), "app-consumer-plan-00ab0000000000ff");
  BOOST_TEST(!marked.contains("group.instance.id"));
  BOOST_CHECK_EQUAL(plan_of(marked.at("client.id")).value(), 0x00ab'0000'0000'00ffULL);
  BOOST_CHECK_EQUAL(plan_of(with_plan({{"client.id", "a-plan-1"}}, UINT64_MAX).at("client.id")).value(), UINT64_MAX);
}

BOOST_AUTO_TEST_CASE(show_the_plan_in_the_id_of_a_static_member_too) {
  const auto marked = with_plan({{"client.id", "c"}, {"group.instance.id", "pod-1-1"}}, 10);
  BOOST_CHECK_EQUAL(marked.at("group.instance.id"), "pod-1-1-plan-000000000000000a");
}

BOOST_AUTO_TEST_CASE(of_other_programs_show_no_plan) {
  for (const char* id : {"", "app-consumer", "-plan-", "app-plan-00ab", "app-plan-00ab0000000000fg",
                         "plan-00ab0000000000ff", "app-plan-00ab0000000000ff-consumer", "app-plan--0ab0000000000ff"}) {
    BOOST_CHECK_MESSAGE(!plan_of(id).has_value(), id);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
