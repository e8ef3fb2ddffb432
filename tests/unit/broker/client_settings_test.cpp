// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/client_settings.hpp"

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::detail::embedded;

namespace {

/// A predicate: the exception's text contains both the key and the value.
auto names(const std::string& key, const std::string& value) {
  return [=](const ConfigException& error) {
    const std::string text = error.what();
    return text.find(key) != std::string::npos && text.find(value) != std::string::npos;
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ConsumerSettingsParse)

BOOST_AUTO_TEST_CASE(uses_librdkafka_s_defaults) {
  const ConsumerSettings settings = ConsumerSettings::parse({});
  BOOST_CHECK_EQUAL(settings.group_id, "");
  BOOST_CHECK(settings.reset == OffsetReset::latest);
  BOOST_CHECK(settings.read_committed);
  BOOST_CHECK(settings.max_poll_interval == 300s);
  BOOST_CHECK(!settings.range_assignor);
}

BOOST_AUTO_TEST_CASE(reads_known_keys_and_ignores_others) {
  const ConsumerSettings settings = ConsumerSettings::parse({{"group.id", "g"},
                                                             {"auto.offset.reset", "earliest"},
                                                             {"isolation.level", "read_uncommitted"},
                                                             {"max.poll.interval.ms", "1000"},
                                                             {"partition.assignment.strategy", "range"},
                                                             {"fetch.wait.max.ms", "what?"}});
  BOOST_CHECK_EQUAL(settings.group_id, "g");
  BOOST_CHECK(settings.reset == OffsetReset::earliest);
  BOOST_CHECK(!settings.read_committed);
  BOOST_CHECK(settings.max_poll_interval == 1s);
  BOOST_CHECK(settings.range_assignor);
}

BOOST_AUTO_TEST_CASE(names_key_and_value_of_a_bad_setting) {
  BOOST_CHECK_EXCEPTION((void)ConsumerSettings::parse({{"auto.offset.reset", "middle"}}), ConfigException,
                        names("auto.offset.reset", "middle"));
  BOOST_CHECK_EXCEPTION((void)ConsumerSettings::parse({{"isolation.level", "none"}}), ConfigException,
                        names("isolation.level", "none"));
  BOOST_CHECK_EXCEPTION((void)ConsumerSettings::parse({{"max.poll.interval.ms", "-5"}}), ConfigException,
                        names("max.poll.interval.ms", "-5"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(ProducerSettingsParse)

BOOST_AUTO_TEST_CASE(reads_both_names_of_a_setting_and_fractions) {
  BOOST_CHECK(ProducerSettings::parse({}).linger == 5ms);
  BOOST_CHECK(ProducerSettings::parse({{"linger.ms", "20"}}).linger == 20ms);
  BOOST_CHECK(ProducerSettings::parse({{"queue.buffering.max.ms", "0.5"}}).linger == 0ms);
  BOOST_CHECK(ProducerSettings::parse({{"transaction.timeout.ms", "7000"}}).transaction_timeout == 7s);
  BOOST_CHECK_EQUAL(ProducerSettings::parse({{"batch.size", "1000"}}).batch_bytes, 1000U);
  BOOST_CHECK_EQUAL(ProducerSettings::parse({{"message.max.bytes", "5000"}}).max_message_bytes, 5000);
  BOOST_CHECK_EQUAL(ProducerSettings::parse({{"transactional.id", "t"}}).transactional_id, "t");
}

BOOST_AUTO_TEST_CASE(names_key_and_value_of_a_bad_setting) {
  for (const std::string value : {"soon", "", "1x", "-1", "nan", "1e300"}) {
    BOOST_CHECK_EXCEPTION((void)ProducerSettings::parse({{"linger.ms", value}}), ConfigException,
                          names("linger.ms", "'" + value + "'"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
