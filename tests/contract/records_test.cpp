// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include <map>
#include <thread>

#include "contract/contract.hpp"
#include "millrace/broker/partitioner.hpp"
#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::contract;

BOOST_FIXTURE_TEST_SUITE(Records, Contract)

BOOST_AUTO_TEST_CASE(come_back_in_the_order_in_which_they_were_written) {
  const std::string topic = this->topic();
  std::vector<std::string> written;
  for (int i = 0; i < 5000; ++i) written.push_back("value " + std::to_string(i));
  write(topic, written);

  const auto reader = consumer();
  reader->assign({{{topic, 0}, Consumer::kOffsetBeginning}});
  const auto seen = poll_records(*reader, written.size());
  BOOST_TEST(values(seen) == written, boost::test_tools::per_element());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    BOOST_REQUIRE_EQUAL(seen[i].offset, static_cast<std::int64_t>(i));
    BOOST_REQUIRE_EQUAL(seen[i].topic, topic);
    BOOST_REQUIRE_EQUAL(seen[i].partition, 0);
  }
}

BOOST_AUTO_TEST_CASE(keep_null_apart_from_empty) {
  const std::string topic = this->topic();
  const auto writer = producer();
  const std::vector<std::pair<BytesView, BytesView>> written = {
      {std::nullopt, std::nullopt},
      {std::nullopt, ""},
      {"", std::nullopt},
      {"", ""},
      {"k", std::nullopt},
      {std::nullopt, "v"},
      {std::string_view("\0\xff", 2), std::string_view("\0", 1)}};
  for (const auto& [key, value] : written) {
    ProducerRecord record;
    record.topic = topic;
    record.partition = 0;
    record.key = key;
    record.value = value;
    writer->send(record);
  }
  writer->flush(kPatience);

  const auto seen = read_to_end(*this, {topic, 0});
  BOOST_REQUIRE_EQUAL(seen.size(), written.size());
  for (std::size_t i = 0; i < written.size(); ++i) {
    BOOST_TEST_CONTEXT("record " << i) {
      BOOST_CHECK(seen[i].key.has_value() == written[i].first.has_value());
      BOOST_CHECK(seen[i].value.has_value() == written[i].second.has_value());
      BOOST_CHECK(seen[i].key.value_or("") == written[i].first.value_or(""));
      BOOST_CHECK(seen[i].value.value_or("") == written[i].second.value_or(""));
    }
  }
}

BOOST_AUTO_TEST_CASE(keep_headers_in_order_with_repeated_keys_and_null_values) {
  const std::string topic = this->topic();
  const Headers headers = {{"a", "1"}, {"b", std::nullopt}, {"a", "2"}, {"", ""}, {"bytes", std::string("\0\xff", 2)}};
  const auto writer = producer();
  ProducerRecord record;
  record.topic = topic;
  record.value = "with";
  record.headers = &headers;
  writer->send(record);
  record.value = "without";
  record.headers = nullptr;
  writer->send(record);
  writer->flush(kPatience);

  const auto seen = read_to_end(*this, {topic, 0});
  BOOST_REQUIRE_EQUAL(seen.size(), 2U);
  BOOST_CHECK(seen[0].headers == headers);
  BOOST_CHECK(seen[1].headers.empty());
}

BOOST_AUTO_TEST_CASE(keep_the_timestamp_they_were_given) {
  const std::string topic = this->topic(1, {{"retention.ms", "-1"}});
  // Not 0, because librdkafka takes 0 for "now". So KafkaProducer writes 1 instead of 0.
  const std::vector<Timestamp> written = {1700000040000, 1, 2, 1699999999999, 1700000040000};
  const auto writer = producer();
  for (const Timestamp timestamp : written) {
    ProducerRecord record;
    record.topic = topic;
    record.value = "v";
    record.timestamp = timestamp;
    writer->send(record);
  }
  writer->flush(kPatience);

  const auto seen = read_to_end(*this, {topic, 0});
  BOOST_REQUIRE_EQUAL(seen.size(), written.size());
  for (std::size_t i = 0; i < written.size(); ++i) BOOST_CHECK_EQUAL(seen[i].timestamp, written[i]);
}

BOOST_AUTO_TEST_CASE(get_the_wall_clock_time_if_they_have_none) {
  const std::string topic = this->topic();
  const Timestamp before = Clock::system().now();
  write(topic, {"v"});
  const Timestamp after = Clock::system().now();
  const auto seen = read_to_end(*this, {topic, 0});
  BOOST_REQUIRE_EQUAL(seen.size(), 1U);
  BOOST_CHECK_GE(seen[0].timestamp, before);
  BOOST_CHECK_LE(seen[0].timestamp, after);
}

BOOST_AUTO_TEST_CASE(get_the_broker_s_time_under_log_append_time) {
  const std::string topic = this->topic(1, {{"message.timestamp.type", "LogAppendTime"}});
  const Timestamp before = Clock::system().now();
  const auto writer = producer();
  ProducerRecord record;
  record.topic = topic;
  record.value = "v";
  record.timestamp = before - 100000;
  writer->send(record);
  writer->flush(kPatience);
  const auto seen = read_to_end(*this, {topic, 0});
  BOOST_REQUIRE_EQUAL(seen.size(), 1U);
  // One second of tolerance, because the broker may run on another machine.
  BOOST_CHECK_GE(seen[0].timestamp, before - 1000);
}

BOOST_AUTO_TEST_CASE(go_to_the_partition_that_java_s_default_partitioner_picks) {
  // Values computed with the Java client's default partitioner (murmur2).
  const std::vector<std::pair<std::string, std::int32_t>> of_ten = {{"", 1},
                                                                    {"a", 4},
                                                                    {"ab", 4},
                                                                    {"abc", 7},
                                                                    {"abcd", 0},
                                                                    {"hello", 9},
                                                                    {"kafka", 0},
                                                                    {"customer-42", 3},
                                                                    {"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", 7},
                                                                    {std::string("\0\0\0\1", 4), 0},
                                                                    {"\xff\xff\xff\xff", 9},
                                                                    {std::string("\0\0\0\0\0\0\0\1", 8), 0},
                                                                    {std::string("\0\0\0\0\0\0\0\x2a", 8), 2},
                                                                    {"\xff\x80", 8},
                                                                    {std::string("\0\1\2\3\4\5\6", 7), 8}};
  const std::string topic = this->topic(10);
  Deliveries deliveries;
  const auto writer = producer({}, &deliveries);
  BOOST_CHECK_EQUAL(writer->partitions_for(topic), 10);
  for (std::size_t i = 0; i < of_ten.size(); ++i) {
    ProducerRecord record;
    record.topic = topic;
    record.key = of_ten[i].first;
    record.value = "v";
    writer->send(record, i);
  }
  writer->flush(kPatience);
  BOOST_REQUIRE_EQUAL(deliveries.all.size(), of_ten.size());
  for (const auto& delivery : deliveries.all) {
    BOOST_TEST_CONTEXT("key " << of_ten[delivery.token].first) {
      BOOST_CHECK_EQUAL(delivery.partition, of_ten[delivery.token].second);
    }
  }
}

BOOST_AUTO_TEST_CASE(are_refused_by_try_send_while_the_queue_is_full_but_never_lost) {
  const std::string topic = this->topic();
  Deliveries deliveries;
  // A small queue. Each broker has another setting for its size. Each record is its own batch, so that writing takes
  // time.
  const auto writer =
      producer({{"queue.buffering.max.messages", "50"}, {"batch.size", "1"}, {"linger.ms", "50"}}, &deliveries);
  std::vector<std::string> written;
  std::size_t without_room = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    written.push_back("value " + std::to_string(i));
    ProducerRecord record;
    record.topic = topic;
    record.partition = 0;
    record.value = written.back();
    while (!writer->try_send(record, i)) {
      ++without_room;
      writer->poll();
      std::this_thread::yield();
    }
  }
  writer->flush(kPatience);
  BOOST_TEST(without_room > 0U);
  BOOST_REQUIRE_EQUAL(deliveries.all.size(), written.size());
  for (std::size_t i = 0; i < written.size(); ++i) BOOST_REQUIRE_EQUAL(deliveries.all[i].token, i);
  BOOST_TEST(values(read_to_end(*this, {topic, 0})) == written, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(are_reported_by_try_send_if_they_cannot_be_written) {
  const std::string topic = this->topic();
  Deliveries deliveries;
  const auto writer = producer({{"linger.ms", "0"}}, &deliveries);
  const auto send = [&](std::int32_t partition, std::uint64_t token) {
    ProducerRecord record;
    record.topic = topic;
    record.partition = partition;
    record.value = "v";
    while (!writer->try_send(record, token)) writer->poll();
  };
  send(0, 1);
  writer->flush(kPatience);  // from here on the client knows how many partitions there are
  send(7, 2);
  send(0, 3);
  writer->flush(kPatience);
  std::map<std::uint64_t, bool> written;
  for (const auto& delivery : deliveries.all) written[delivery.token] = !delivery.error.has_value();
  BOOST_TEST((written == std::map<std::uint64_t, bool>{{1, true}, {2, false}, {3, true}}));
}

BOOST_AUTO_TEST_CASE(may_go_to_any_existing_partition_without_a_key) {
  const std::string topic = this->topic(3);
  Deliveries deliveries;
  const auto writer = producer({}, &deliveries);
  for (int i = 0; i < 20; ++i) {
    ProducerRecord record;
    record.topic = topic;
    record.value = "v";
    writer->send(record);
  }
  writer->flush(kPatience);
  BOOST_REQUIRE_EQUAL(deliveries.all.size(), 20U);
  for (const auto& delivery : deliveries.all) {
    BOOST_CHECK(!delivery.error);
    BOOST_CHECK_GE(delivery.partition, 0);
    BOOST_CHECK_LT(delivery.partition, 3);
  }
}

BOOST_AUTO_TEST_CASE(are_reported_delivered_with_token_and_offset_in_order) {
  const std::string topic = this->topic();
  Deliveries deliveries;
  const auto writer = producer({}, &deliveries);
  for (std::uint64_t token = 100; token < 200; ++token) {
    ProducerRecord record;
    record.topic = topic;
    record.value = "v";
    writer->send(record, token);
  }
  writer->flush(kPatience);
  BOOST_REQUIRE_EQUAL(deliveries.all.size(), 100U);
  for (std::size_t i = 0; i < 100; ++i) {
    BOOST_CHECK(!deliveries.all[i].error);
    BOOST_CHECK_EQUAL(deliveries.all[i].token, 100 + i);
    BOOST_CHECK_EQUAL(deliveries.all[i].offset, static_cast<std::int64_t>(i));
    BOOST_CHECK_EQUAL(deliveries.all[i].topic, topic);
  }
}

BOOST_AUTO_TEST_CASE(are_sent_by_a_producer_that_is_neither_polled_nor_flushed) {
  const std::string topic = this->topic();
  const auto writer = producer({{"linger.ms", "1"}});
  send(*writer, topic, "on my own");
  const auto reader = consumer();
  reader->assign({{{topic, 0}, Consumer::kOffsetBeginning}});
  BOOST_CHECK_EQUAL(values(poll_records(*reader, 1)).at(0), "on my own");
}

BOOST_AUTO_TEST_CASE(fail_alone_if_they_are_too_large) {
  const std::string topic = this->topic(1, {{"max.message.bytes", "10000"}});
  Deliveries deliveries;
  const auto writer = producer({}, &deliveries);
  const std::string large(20000, 'x');
  ProducerRecord record;
  record.topic = topic;
  record.value = "before";
  writer->send(record, 1);
  writer->flush(kPatience);
  record.value = large;
  writer->send(record, 2);
  writer->flush(kPatience);
  record.value = "after";
  writer->send(record, 3);
  writer->flush(kPatience);

  BOOST_REQUIRE_EQUAL(deliveries.all.size(), 3U);
  BOOST_CHECK(!deliveries.all[0].error);
  BOOST_CHECK_EQUAL(deliveries.all[1].token, 2U);
  BOOST_REQUIRE(deliveries.all[1].error);
  BOOST_CHECK(deliveries.all[1].error->severity() != BrokerException::Severity::retriable);
  BOOST_CHECK(!deliveries.all[2].error);
  const auto seen = read_to_end(*this, {topic, 0});
  const std::vector<std::string> expected = {"before", "after"};
  BOOST_TEST(values(seen) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(are_refused_if_their_timestamp_is_in_the_future) {
  const std::string topic = this->topic();
  Deliveries deliveries;
  const auto writer = producer({}, &deliveries);
  const Timestamp now = Clock::system().now();
  for (const Timestamp timestamp : {now + 10 * 3600 * 1000, now}) {
    ProducerRecord record;
    record.topic = topic;
    record.value = "v";
    record.timestamp = timestamp;
    writer->send(record);
    writer->flush(kPatience);
  }
  BOOST_REQUIRE_EQUAL(deliveries.all.size(), 2U);
  BOOST_CHECK(deliveries.all[0].error);
  BOOST_CHECK(!deliveries.all[1].error);
}

BOOST_AUTO_TEST_CASE(need_a_key_in_a_compacted_topic) {
  const std::string topic = this->topic(1, {{"cleanup.policy", "compact"}});
  Deliveries deliveries;
  const auto writer = producer({}, &deliveries);
  for (const BytesView key : {BytesView(), BytesView("k")}) {
    ProducerRecord record;
    record.topic = topic;
    record.key = key;
    record.value = "v";
    writer->send(record);
    writer->flush(kPatience);
  }
  BOOST_REQUIRE_EQUAL(deliveries.all.size(), 2U);
  BOOST_CHECK(deliveries.all[0].error);
  BOOST_CHECK(!deliveries.all[1].error);
}

BOOST_AUTO_TEST_CASE(are_refused_by_default_if_they_have_ten_megabytes) {
  const std::string topic = this->topic();
  Deliveries deliveries;
  const auto writer = producer({}, &deliveries);
  const std::string large(10 << 20, 'x');
  ProducerRecord record;
  record.topic = topic;
  record.value = large;
  writer->send(record, 7);
  writer->flush(kPatience);
  BOOST_REQUIRE_EQUAL(deliveries.all.size(), 1U);
  BOOST_CHECK_EQUAL(deliveries.all[0].token, 7U);
  BOOST_CHECK(deliveries.all[0].error);
}

BOOST_AUTO_TEST_CASE(fail_with_the_name_of_a_missing_topic) {
  const std::string missing = unique("missing");
  Deliveries deliveries;
  const auto writer = producer({{"message.timeout.ms", "5000"}}, &deliveries);
  BOOST_CHECK_EXCEPTION((void)writer->partitions_for(missing), BrokerException, [&](const BrokerException& error) {
    return std::string(error.what()).find(missing) != std::string::npos;
  });
  BOOST_CHECK(!admin->describe_topic(missing, kPatience));  // the send did not create it
}

BOOST_AUTO_TEST_SUITE_END()
