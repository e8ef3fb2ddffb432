// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <thread>

#include "contract/contract.hpp"
#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/errors.hpp"
#include "support/captured_stderr.hpp"

using namespace millrace;
using namespace millrace::contract;

BOOST_FIXTURE_TEST_SUITE(AConsumer, Contract)

BOOST_AUTO_TEST_CASE(starts_at_the_offset_that_assign_gives) {
  const std::string topic = this->topic();
  write(topic, {"0", "1", "2", "3"});
  const auto reader = consumer();
  reader->assign({{{topic, 0}, 2}});
  const std::vector<std::string> expected = {"2", "3"};
  BOOST_TEST(values(poll_records(*reader, 2)) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(starts_at_the_end_if_asked_to) {
  const std::string topic = this->topic();
  write(topic, {"old"});
  const auto reader = consumer();
  reader->assign({{{topic, 0}, Consumer::kOffsetEnd}});
  std::vector<Seen> seen;
  poll_until(*reader, seen, [&] { return reader->position({topic, 0}) == 1; });
  write(topic, {"new"});
  poll_until(*reader, seen, [&] { return !seen.empty(); });
  BOOST_CHECK_EQUAL(values(seen).at(0), "new");
}

BOOST_AUTO_TEST_CASE(reads_only_what_the_last_assign_names) {
  const std::string first = topic();
  const std::string second = topic();
  write(first, {"first"});
  write(second, {"second"});
  const auto reader = consumer();
  reader->assign({{{first, 0}, Consumer::kOffsetBeginning}});
  BOOST_CHECK_EQUAL(values(poll_records(*reader, 1)).at(0), "first");
  reader->assign({{{second, 0}, Consumer::kOffsetBeginning}});
  write(first, {"first again"});
  BOOST_CHECK_EQUAL(values(poll_records(*reader, 1)).at(0), "second");
}

// librdkafka 2.0.2 could end the process here, in about one of ten rounds.
BOOST_AUTO_TEST_CASE(may_end_right_after_a_second_assign) {
  const TopicPartition partition{topic(), 0};
  write(partition.topic, {"0", "1"});
  for (int round = 0; round < 60; ++round) {
    const auto reader = consumer();
    reader->assign({{partition, 0}});
    BOOST_REQUIRE_EQUAL(values(poll_records(*reader, 2)).at(1), "1");
    reader->assign({{partition, 1}});
    if (round % 2 == 1) reader->assign({{partition, 2}});
  }
}

BOOST_AUTO_TEST_CASE(returns_no_more_records_than_asked_for) {
  const std::string topic = this->topic();
  write(topic, std::vector<std::string>(10, "v"));
  const auto reader = consumer();
  reader->assign({{{topic, 0}, Consumer::kOffsetBeginning}});
  std::vector<ConsumerRecord> records;
  std::size_t before = 0;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (records.size() < 10 && std::chrono::steady_clock::now() < deadline) {
    reader->poll(records, 3, Millis{100});
    BOOST_CHECK_LE(records.size() - before, 3U);
    before = records.size();
  }
  BOOST_REQUIRE_EQUAL(records.size(), 10U);
  for (std::size_t i = 0; i < records.size(); ++i) BOOST_CHECK_EQUAL(records[i].offset, static_cast<std::int64_t>(i));
}

BOOST_AUTO_TEST_CASE(returns_records_whose_bytes_outlive_later_polls) {
  const std::string topic = this->topic();
  write(topic, {"first"});
  const auto reader = consumer();
  reader->assign({{{topic, 0}, Consumer::kOffsetBeginning}});
  std::vector<ConsumerRecord> kept;
  while (kept.empty()) reader->poll(kept, 10, kPatience);
  write(topic, std::vector<std::string>(1000, std::string(1000, 'x')));
  (void)poll_records(*reader, 1000);
  BOOST_CHECK_EQUAL(std::string(kept.at(0).value.value()), "first");
}

BOOST_AUTO_TEST_CASE(seeks_backwards_forwards_and_to_both_ends) {
  const std::string topic = this->topic();
  const TopicPartition partition{topic, 0};
  write(topic, {"0", "1", "2", "3", "4"});
  const auto reader = consumer();
  reader->assign({{partition, Consumer::kOffsetBeginning}});
  (void)poll_records(*reader, 5);

  reader->seek(partition, 1);
  BOOST_CHECK_EQUAL(values(poll_records(*reader, 4)).at(0), "1");
  reader->seek(partition, 4);
  BOOST_CHECK_EQUAL(values(poll_records(*reader, 1)).at(0), "4");
  reader->seek(partition, Consumer::kOffsetBeginning);
  BOOST_CHECK_EQUAL(values(poll_records(*reader, 5)).at(0), "0");
  reader->seek(partition, 3);
  BOOST_CHECK_EQUAL(values(poll_records(*reader, 2)).at(0), "3");
}

BOOST_AUTO_TEST_CASE(refuses_to_seek_in_a_partition_that_it_does_not_read) {
  const std::string topic = this->topic(2);
  const auto reader = consumer();
  reader->assign({{{topic, 0}, Consumer::kOffsetBeginning}});
  BOOST_CHECK_THROW(reader->seek({topic, 1}, 0), BrokerException);
}

BOOST_AUTO_TEST_CASE(knows_its_position_and_lag) {
  const std::string topic = this->topic();
  const TopicPartition partition{topic, 0};
  write(topic, {"0", "1", "2"});
  const auto reader = consumer();
  reader->assign({{partition, Consumer::kOffsetBeginning}});
  std::vector<ConsumerRecord> records;
  while (records.empty()) reader->poll(records, 1, kPatience);
  BOOST_CHECK(reader->position(partition) == 1);
  BOOST_CHECK(reader->current_lag(partition) == 2);
  std::vector<Seen> rest;
  poll_until(*reader, rest, [&] { return reader->current_lag(partition) == 0; });
  BOOST_CHECK_EQUAL(rest.size(), 2U);
  BOOST_CHECK(reader->position(partition) == 3);
}

BOOST_AUTO_TEST_CASE(returns_the_records_of_a_paused_partition_after_it_is_resumed) {
  const std::string topic = this->topic(2);
  write(topic, {"a0", "a1", "a2"}, 0);
  write(topic, {"b0"}, 1);
  const auto reader = consumer();
  reader->assign({{{topic, 0}, Consumer::kOffsetBeginning}, {{topic, 1}, Consumer::kOffsetBeginning}});
  reader->pause({{topic, 0}});
  std::vector<Seen> seen = poll_records(*reader, 1);
  BOOST_CHECK_EQUAL(values(seen).at(0), "b0");
  // While three records of partition 0 wait, another record of partition 1 is produced and read.
  write(topic, {"b1"}, 1);
  seen = poll_records(*reader, 1);
  BOOST_CHECK_EQUAL(values(seen).at(0), "b1");
  reader->resume({{topic, 0}});
  const std::vector<std::string> expected = {"a0", "a1", "a2"};
  BOOST_TEST(values(poll_records(*reader, 3)) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(can_pause_in_the_middle_of_fetched_records) {
  const std::string topic = this->topic(2);
  const TopicPartition first{topic, 0};
  write(topic, {"a0", "a1", "a2"}, 0);
  const auto reader = consumer();
  reader->assign({{first, Consumer::kOffsetBeginning}, {{topic, 1}, Consumer::kOffsetBeginning}});
  std::vector<ConsumerRecord> records;
  while (records.empty()) reader->poll(records, 1, kPatience);
  reader->pause({first});
  write(topic, {"b0"}, 1);
  BOOST_CHECK_EQUAL(values(poll_records(*reader, 1)).at(0), "b0");
  BOOST_CHECK(reader->position(first) == 1);
  reader->resume({first});
  const std::vector<std::string> expected = {"a1", "a2"};
  BOOST_TEST(values(poll_records(*reader, 2)) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(resets_to_the_earliest_record_if_its_offset_was_deleted) {
  const std::string topic = this->topic();
  write(topic, {"0", "1", "2", "3"});
  admin->delete_records({{{topic, 0}, 3}}, kPatience);
  const CapturedStderr log;
  const auto reader = consumer({{"auto.offset.reset", "earliest"}});
  reader->assign({{{topic, 0}, 1}});
  const auto seen = poll_records(*reader, 1);
  BOOST_CHECK_EQUAL(seen.at(0).offset, 3);
  // The warning names both offsets.
  const std::string text = log.text();
  BOOST_CHECK_MESSAGE(text.find(topic + "-0: offset 1 is not in the log") != std::string::npos, text);
  BOOST_CHECK_MESSAGE(text.find("continues at offset 3 (auto.offset.reset)") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(fails_at_a_deleted_offset_without_a_reset_policy) {
  const std::string topic = this->topic();
  write(topic, {"0", "1", "2", "3"});
  admin->delete_records({{{topic, 0}, 3}}, kPatience);
  const auto reader = consumer({{"auto.offset.reset", "none"}});
  reader->assign({{{topic, 0}, 1}});
  std::vector<Seen> seen;
  BOOST_CHECK_EXCEPTION(poll_until(*reader, seen, [&] { return !seen.empty(); }), BrokerException,
                        [&](const auto& error) { return std::string(error.what()).find(topic) != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(says_which_topic_is_missing) {
  const std::string missing = unique("missing");
  const auto reader = consumer({{"allow.auto.create.topics", "false"}});
  std::vector<Seen> seen;
  BOOST_CHECK_EXCEPTION(
      {
        reader->assign({{{missing, 0}, Consumer::kOffsetBeginning}});
        poll_until(*reader, seen, [&] { return !seen.empty(); });
      },
      UnknownTopicOrPartitionException,
      [&](const auto& error) { return std::string(error.what()).find(missing) != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(tells_the_watermarks) {
  const std::string topic = this->topic(2);
  const TopicPartition partition{topic, 0};
  const auto reader = consumer();
  Watermarks marks = reader->query_watermarks(partition, kPatience);
  BOOST_CHECK_EQUAL(marks.low, 0);
  BOOST_CHECK_EQUAL(marks.high, 0);
  write(topic, {"0", "1", "2"});
  admin->delete_records({{partition, 1}}, kPatience);
  marks = reader->query_watermarks(partition, kPatience);
  BOOST_CHECK_EQUAL(marks.low, 1);
  BOOST_CHECK_EQUAL(marks.high, 3);
  marks = admin->watermarks(partition, kPatience);
  BOOST_CHECK_EQUAL(marks.low, 1);
  BOOST_CHECK_EQUAL(marks.high, 3);
  marks = reader->query_watermarks({topic, 1}, kPatience);
  BOOST_CHECK_EQUAL(marks.high, 0);
}

BOOST_AUTO_TEST_CASE(finds_the_first_offset_at_or_after_a_time) {
  const std::string topic = this->topic(1, {{"retention.ms", "-1"}});
  const TopicPartition partition{topic, 0};
  const auto writer = producer();
  for (const Timestamp timestamp : {1000, 3000, 2000, 5000}) {
    ProducerRecord record;
    record.topic = topic;
    record.value = "v";
    record.timestamp = timestamp;
    writer->send(record);
    writer->flush(kPatience);  // one batch per record
  }
  const auto reader = consumer();
  BOOST_CHECK(reader->offset_for_time(partition, 0, kPatience) == 0);
  BOOST_CHECK(reader->offset_for_time(partition, 1000, kPatience) == 0);
  BOOST_CHECK(reader->offset_for_time(partition, 1001, kPatience) == 1);
  BOOST_CHECK(reader->offset_for_time(partition, 3000, kPatience) == 1);
  BOOST_CHECK(reader->offset_for_time(partition, 3001, kPatience) == 3);
  BOOST_CHECK(reader->offset_for_time(partition, 5001, kPatience) == std::nullopt);
}

BOOST_AUTO_TEST_CASE(stops_waiting_when_woken_up) {
  const std::string topic = this->topic();
  const auto reader = consumer();
  reader->assign({{{topic, 0}, Consumer::kOffsetEnd}});
  std::vector<ConsumerRecord> records;
  const auto start = std::chrono::steady_clock::now();
  std::thread waker([&] { reader->wakeup(); });  // before or during the poll: both end it
  reader->poll(records, 10, 2 * kPatience);
  waker.join();
  BOOST_CHECK(records.empty());
  BOOST_CHECK(std::chrono::steady_clock::now() - start < kPatience);
}

BOOST_AUTO_TEST_CASE(does_not_wait_longer_than_its_timeout) {
  const std::string topic = this->topic();
  const auto reader = consumer();
  reader->assign({{{topic, 0}, Consumer::kOffsetEnd}});
  std::vector<ConsumerRecord> records;
  const auto start = std::chrono::steady_clock::now();
  reader->poll(records, 10, Millis{0});
  reader->poll(records, 10, Millis{50});
  BOOST_CHECK(records.empty());
  BOOST_CHECK(std::chrono::steady_clock::now() - start < kPatience);
}

BOOST_AUTO_TEST_CASE(reads_many_partitions_each_in_order) {
  constexpr int kPartitions = 8;
  const std::string topic = this->topic(kPartitions);
  const auto writer = producer();
  for (int i = 0; i < 4000; ++i) send(*writer, topic, std::to_string(i / kPartitions), i % kPartitions);
  writer->flush(kPatience);
  const auto reader = consumer();
  std::vector<std::pair<TopicPartition, std::int64_t>> all;
  for (int p = 0; p < kPartitions; ++p) all.push_back({{topic, p}, Consumer::kOffsetBeginning});
  reader->assign(all);
  std::map<std::int32_t, int> next;
  for (const Seen& record : poll_records(*reader, 4000)) {
    BOOST_REQUIRE_EQUAL(record.value.value(), std::to_string(next[record.partition]++));
  }
  BOOST_CHECK_EQUAL(next.size(), static_cast<std::size_t>(kPartitions));
}

BOOST_AUTO_TEST_SUITE_END()
