// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/topic_settings.hpp"

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::detail::embedded;

BOOST_AUTO_TEST_SUITE(TopicSettingsParse)

BOOST_AUTO_TEST_CASE(uses_kafka_s_defaults) {
  const TopicSettings settings = TopicSettings::parse("t", {});
  BOOST_CHECK(settings.remove);
  BOOST_CHECK(!settings.compact);
  BOOST_CHECK_EQUAL(settings.retention_ms, 604800000);
  BOOST_CHECK_EQUAL(settings.retention_bytes, -1);
  BOOST_CHECK_EQUAL(settings.max_message_bytes, 1048588);
  // The defaults that are shown must be the defaults in use.
  const TopicSettings shown = TopicSettings::parse("t", TopicSettings::defaults());
  BOOST_CHECK_EQUAL(shown.retention_ms, settings.retention_ms);
  BOOST_CHECK_EQUAL(shown.max_message_bytes, settings.max_message_bytes);
  BOOST_CHECK_EQUAL(shown.delete_retention_ms, settings.delete_retention_ms);
  BOOST_CHECK_EQUAL(shown.min_cleanable_dirty_ratio, settings.min_cleanable_dirty_ratio);
}

BOOST_AUTO_TEST_CASE(reads_a_list_of_cleanup_policies) {
  const auto policy = [](const std::string& value) { return TopicSettings::parse("t", {{"cleanup.policy", value}}); };
  BOOST_CHECK(policy("compact").compact && !policy("compact").remove);
  BOOST_CHECK(!policy("delete").compact && policy("delete").remove);
  BOOST_CHECK(policy("compact,delete").compact && policy("compact,delete").remove);
  BOOST_CHECK(policy("delete, compact").compact && policy("delete, compact").remove);
  BOOST_CHECK_THROW((void)policy("compact,burn"), BrokerException);
}

BOOST_AUTO_TEST_CASE(names_topic_and_key_of_a_bad_number) {
  for (const char* value : {"", "a", "1.5", "-2", "99999999999999999999"}) {
    BOOST_CHECK_EXCEPTION(
        (void)TopicSettings::parse("prices", {{"retention.ms", value}}), BrokerException, [](const auto& error) {
          const std::string text = error.what();
          return text.find("prices") != std::string::npos && text.find("retention.ms") != std::string::npos;
        });
  }
  BOOST_CHECK_EQUAL(TopicSettings::parse("t", {{"retention.ms", "-1"}}).retention_ms, -1);
}

BOOST_AUTO_TEST_CASE(accepts_kafka_s_topic_names_only) {
  for (const char* name : {"prices", "a.b_c-D9", "__internal"}) BOOST_CHECK_NO_THROW(check_topic_name(name));
  for (const std::string& name : {std::string(), std::string("."), std::string(".."), std::string("a b"),
                                  std::string("a/b"), std::string("\xc3\xa9"), std::string(250, 'x')}) {
    BOOST_CHECK_THROW(check_topic_name(name), BrokerException);
  }
  BOOST_CHECK_NO_THROW(check_topic_name(std::string(249, 'x')));
}

BOOST_AUTO_TEST_SUITE_END()
