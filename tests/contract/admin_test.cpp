// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <future>

#include "contract/contract.hpp"
#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::contract;

namespace {

/// A predicate: the exception's text contains `name`.
auto names(const std::string& what) {
  return [what](const BrokerException& error) { return std::string(error.what()).find(what) != std::string::npos; };
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(AnAdmin, Contract)

BOOST_AUTO_TEST_CASE(creates_a_topic_that_can_be_used_at_once) {
  NewTopic wanted;
  wanted.name = unique("topic");
  wanted.partitions = 3;
  BOOST_CHECK(admin->create_topic(wanted, kPatience));
  BOOST_CHECK_EQUAL(producer()->partitions_for(wanted.name), 3);
  write(wanted.name, {"v"}, 2);
  BOOST_CHECK_EQUAL(read_to_end(*this, {wanted.name, 2}).size(), 1U);
}

BOOST_AUTO_TEST_CASE(does_not_create_a_topic_twice) {
  NewTopic wanted;
  wanted.name = topic(2);
  wanted.partitions = 5;
  BOOST_CHECK(!admin->create_topic(wanted, kPatience));
  BOOST_CHECK_EQUAL(admin->describe_topic(wanted.name, kPatience).value().partitions, 2);
}

BOOST_AUTO_TEST_CASE(sees_a_topic_that_another_admin_is_creating) {
  for (int round = 0; round < 20; ++round) {
    NewTopic wanted;
    wanted.name = unique("topic");
    const auto create = [&] {
      const auto mine = broker.make_admin();
      (void)mine->list_topics(kPatience);  // connects
      (void)mine->create_topic(wanted, kPatience);
      return mine->describe_topic(wanted.name, kPatience).has_value();
    };
    auto other = std::async(std::launch::async, create);
    BOOST_CHECK(create());
    BOOST_CHECK(other.get());
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_bad_name_count_or_configuration) {
  NewTopic wanted;
  wanted.name = "no spaces please";
  BOOST_CHECK_THROW(admin->create_topic(wanted, kPatience), BrokerException);
  wanted.name = unique("topic");
  wanted.partitions = 0;
  BOOST_CHECK_THROW(admin->create_topic(wanted, kPatience), BrokerException);
  wanted.partitions = 1;
  wanted.configs = {{"no.such.config", "1"}};
  BOOST_CHECK_EXCEPTION(admin->create_topic(wanted, kPatience), BrokerException, names("no.such.config"));
  wanted.configs = {{"retention.ms", "soon"}};
  BOOST_CHECK_EXCEPTION(admin->create_topic(wanted, kPatience), BrokerException, names("retention.ms"));
  wanted.configs = {{"cleanup.policy", "shred"}};
  BOOST_CHECK_EXCEPTION(admin->create_topic(wanted, kPatience), BrokerException, names("cleanup.policy"));
  BOOST_CHECK(!admin->describe_topic(wanted.name, kPatience));
}

BOOST_AUTO_TEST_CASE(lists_and_describes_topics) {
  const std::string name = topic(4);
  const auto all = admin->list_topics(kPatience);
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& topic) { return topic.name == name; });
  BOOST_REQUIRE(found != all.end());
  BOOST_CHECK_EQUAL(found->partitions, 4);
  BOOST_CHECK(!found->internal);
  BOOST_CHECK_EQUAL(admin->describe_topic(name, kPatience).value().partitions, 4);
  BOOST_CHECK(!admin->describe_topic(unique("missing"), kPatience));
}

BOOST_AUTO_TEST_CASE(tells_a_topic_s_configuration) {
  const std::string name = topic(1, {{"cleanup.policy", "compact,delete"}, {"retention.ms", "86400000"}});
  const auto own = admin->topic_config(name, false, kPatience);
  BOOST_CHECK_EQUAL(own.at("cleanup.policy"), "compact,delete");
  BOOST_CHECK_EQUAL(own.at("retention.ms"), "86400000");
  BOOST_CHECK(!own.contains("max.message.bytes"));
  const auto all = admin->topic_config(name, true, kPatience);
  BOOST_CHECK_EQUAL(all.at("retention.ms"), "86400000");
  BOOST_CHECK_EQUAL(all.at("max.message.bytes"), "1048588");
  BOOST_CHECK_EQUAL(all.at("message.timestamp.type"), "CreateTime");
  const std::string missing = unique("missing");
  BOOST_CHECK_EXCEPTION((void)admin->topic_config(missing, false, kPatience), BrokerException, names(missing));
}

BOOST_AUTO_TEST_CASE(changes_settings_of_a_topic_and_leaves_the_others) {
  const std::string name = topic(1, {{"retention.ms", "86400000"}, {"max.message.bytes", "1000"}});
  admin->alter_topic_config(name, {{"max.message.bytes", "3000"}, {"min.cleanable.dirty.ratio", "0.25"}}, kPatience);
  auto own = admin->topic_config(name, false, kPatience);
  BOOST_CHECK_EQUAL(own.at("retention.ms"), "86400000");
  BOOST_CHECK_EQUAL(own.at("max.message.bytes"), "3000");
  BOOST_CHECK_EQUAL(own.at("min.cleanable.dirty.ratio"), "0.25");
  // The new setting is used for the next record.
  write(name, {std::string(2000, 'x')});
  BOOST_CHECK_EQUAL(read_to_end(*this, {name, 0}).size(), 1U);
  admin->alter_topic_config(name, {{"retention.ms", std::nullopt}}, kPatience);
  own = admin->topic_config(name, false, kPatience);
  BOOST_CHECK(!own.contains("retention.ms"));
  BOOST_CHECK_EQUAL(own.at("max.message.bytes"), "3000");
}

BOOST_AUTO_TEST_CASE(changes_nothing_if_a_name_or_value_is_wrong) {
  const std::string name = topic(1, {{"retention.ms", "86400000"}});
  const auto before = admin->topic_config(name, false, kPatience);
  BOOST_CHECK_EXCEPTION(
      admin->alter_topic_config(name, {{"retention.ms", "1"}, {"max.message.bytes", "soon"}}, kPatience),
      BrokerException, names("max.message.bytes"));
  BOOST_CHECK_EXCEPTION(admin->alter_topic_config(name, {{"retention.ms", "1"}, {"no.such.config", "1"}}, kPatience),
                        BrokerException, names("no.such.config"));
  BOOST_TEST(admin->topic_config(name, false, kPatience) == before);
  const std::string missing = unique("missing");
  BOOST_CHECK_EXCEPTION(admin->alter_topic_config(missing, {{"retention.ms", "1"}}, kPatience), BrokerException,
                        names(missing));
}

BOOST_AUTO_TEST_CASE(deletes_a_topic_with_its_records) {
  const std::string name = topic();
  write(name, {"old"});
  admin->delete_topic(name, kPatience);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (admin->describe_topic(name, kPatience) && std::chrono::steady_clock::now() < deadline) {
  }
  BOOST_CHECK(!admin->describe_topic(name, kPatience));
  const std::string missing = unique("missing");
  BOOST_CHECK_EXCEPTION(admin->delete_topic(missing, kPatience), BrokerException, names(missing));
}

BOOST_AUTO_TEST_CASE(deletes_records_before_an_offset) {
  const std::string name = topic();
  const TopicPartition partition{name, 0};
  write(name, {"0", "1", "2", "3", "4"});
  admin->delete_records({{partition, 2}}, kPatience);
  BOOST_CHECK_EQUAL(admin->watermarks(partition, kPatience).low, 2);
  const std::vector<std::string> expected = {"2", "3", "4"};
  BOOST_TEST(values(read_to_end(*this, partition)) == expected, boost::test_tools::per_element());
  admin->delete_records({{partition, 1}}, kPatience);  // already gone: no harm
  BOOST_CHECK_EQUAL(admin->watermarks(partition, kPatience).low, 2);
  admin->delete_records({{partition, 5}}, kPatience);
  BOOST_CHECK_EQUAL(admin->watermarks(partition, kPatience).low, 5);
  BOOST_CHECK_EQUAL(admin->watermarks(partition, kPatience).high, 5);
  write(name, {"5"});
  const auto seen = read_to_end(*this, partition);
  BOOST_REQUIRE_EQUAL(seen.size(), 1U);
  BOOST_CHECK_EQUAL(seen[0].offset, 5);
  BOOST_CHECK_THROW(admin->delete_records({{partition, 100}}, kPatience), BrokerException);
}

BOOST_AUTO_TEST_CASE(tells_the_watermarks_of_existing_partitions_only) {
  const std::string missing = unique("missing");
  BOOST_CHECK_EXCEPTION((void)admin->watermarks({missing, 0}, Millis{5000}), BrokerException, names(missing));
  const std::string name = topic(1);
  BOOST_CHECK_THROW((void)admin->watermarks({name, 7}, Millis{5000}), BrokerException);
}

BOOST_AUTO_TEST_SUITE_END()
