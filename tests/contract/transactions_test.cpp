// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "contract/contract.hpp"
#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::contract;

namespace {

using Severity = BrokerException::Severity;

bool is_fenced(const BrokerException& error) { return error.severity() == Severity::fenced; }

bool fenced_or_abortable(const BrokerException& error) {
  return error.severity() == Severity::fenced || error.severity() == Severity::abortable;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ATransaction, Contract)

BOOST_AUTO_TEST_CASE(becomes_visible_all_together_when_it_commits) {
  const std::string topic = this->topic(2);
  const auto writer = transactional(unique("tx"));
  const auto reader = consumer();
  reader->assign({{{topic, 0}, Consumer::kOffsetBeginning}, {{topic, 1}, Consumer::kOffsetBeginning}});

  writer->begin_transaction();
  send(*writer, topic, "a", 0);
  send(*writer, topic, "b", 1);
  writer->flush(kPatience);
  BOOST_CHECK_EQUAL(reader->query_watermarks({topic, 0}, kPatience).high, 0);
  writer->commit_transaction(kPatience);
  BOOST_CHECK_EQUAL(poll_records(*reader, 2).size(), 2U);
}

BOOST_AUTO_TEST_CASE(leaves_nothing_behind_when_it_aborts) {
  const std::string topic = this->topic();
  const auto writer = transactional(unique("tx"));
  writer->begin_transaction();
  send(*writer, topic, "aborted");
  writer->flush(kPatience);
  writer->abort_transaction(kPatience);
  writer->begin_transaction();
  send(*writer, topic, "committed");
  writer->commit_transaction(kPatience);
  const auto seen = read_to_end(*this, {topic, 0});
  BOOST_REQUIRE_EQUAL(seen.size(), 1U);
  BOOST_CHECK_EQUAL(seen[0].value.value(), "committed");
  BOOST_CHECK_EQUAL(read_to_end(*this, {topic, 0}, {{"isolation.level", "read_uncommitted"}}).size(), 2U);
}

BOOST_AUTO_TEST_CASE(may_be_aborted_before_its_records_were_sent_off) {
  const std::string topic = this->topic();
  const auto writer = transactional(unique("tx"), {{"linger.ms", "10000"}});
  writer->begin_transaction();
  send(*writer, topic, "aborted");
  writer->abort_transaction(kPatience);
  writer->begin_transaction();
  send(*writer, topic, "committed");
  writer->commit_transaction(kPatience);
  const auto seen = read_to_end(*this, {topic, 0});
  BOOST_REQUIRE_EQUAL(seen.size(), 1U);
  BOOST_CHECK_EQUAL(seen[0].value.value(), "committed");
}

BOOST_AUTO_TEST_CASE(holds_back_everything_written_after_its_first_record) {
  const std::string topic = this->topic();
  const TopicPartition partition{topic, 0};
  write(topic, {"before"});
  const auto writer = transactional(unique("tx"));
  writer->begin_transaction();
  send(*writer, topic, "inside");
  writer->flush(kPatience);
  write(topic, {"after"});

  const auto committed = consumer();
  committed->assign({{partition, Consumer::kOffsetBeginning}});
  BOOST_CHECK_EQUAL(committed->query_watermarks(partition, kPatience).high, 1);
  std::vector<Seen> seen;
  poll_until(*committed, seen, [&] { return committed->position(partition) == 1; });
  BOOST_CHECK_EQUAL(seen.size(), 1U);

  const auto uncommitted = consumer({{"isolation.level", "read_uncommitted"}});
  BOOST_CHECK_EQUAL(uncommitted->query_watermarks(partition, kPatience).high, 3);
  uncommitted->assign({{partition, Consumer::kOffsetBeginning}});
  BOOST_CHECK_EQUAL(poll_records(*uncommitted, 3).size(), 3U);

  writer->commit_transaction(kPatience);
  poll_until(*committed, seen, [&] { return seen.size() == 3; });
  const std::vector<std::string> expected = {"before", "inside", "after"};
  BOOST_TEST(values(seen) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ends_with_a_marker_whose_offset_the_position_skips) {
  const std::string topic = this->topic();
  const TopicPartition partition{topic, 0};
  const auto writer = transactional(unique("tx"));
  for (const char* value : {"0", "2", "4"}) {
    writer->begin_transaction();
    send(*writer, topic, value);
    writer->commit_transaction(kPatience);
  }
  const auto reader = consumer();
  reader->assign({{partition, Consumer::kOffsetBeginning}});
  std::vector<Seen> seen;
  poll_until(*reader, seen, [&] { return reader->position(partition) == 6; });
  BOOST_REQUIRE_EQUAL(seen.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) BOOST_CHECK_EQUAL(std::to_string(seen[i].offset), seen[i].value.value());
  BOOST_CHECK_EQUAL(reader->query_watermarks(partition, kPatience).high, 6);
  BOOST_CHECK(reader->current_lag(partition) == 0);
}

BOOST_AUTO_TEST_CASE(may_be_empty) {
  const auto writer = transactional(unique("tx"));
  writer->begin_transaction();
  writer->commit_transaction(kPatience);
  writer->begin_transaction();
  writer->abort_transaction(kPatience);
  const std::string topic = this->topic();
  writer->begin_transaction();
  send(*writer, topic, "v");
  writer->commit_transaction(kPatience);
  BOOST_CHECK_EQUAL(read_to_end(*this, {topic, 0}).size(), 1U);
}

BOOST_AUTO_TEST_CASE(commits_offsets_together_with_its_records) {
  const std::string input = topic();
  const std::string output = topic();
  write(input, {"0", "1"});
  const std::string group = unique("group");
  const auto reader = consumer({{"group.id", group}});
  const auto writer = transactional(unique("tx"));

  writer->begin_transaction();
  send(*writer, output, "aborted");
  writer->send_offsets_to_transaction({{{input, 0}, {1, std::nullopt, "aborted"}}}, ConsumerGroupMetadata(group));
  writer->abort_transaction(kPatience);
  BOOST_CHECK(reader->committed({{input, 0}}, kPatience).empty());

  writer->begin_transaction();
  send(*writer, output, "committed");
  writer->send_offsets_to_transaction({{{input, 0}, {2, std::nullopt, "meta"}}}, ConsumerGroupMetadata(group));
  writer->commit_transaction(kPatience);
  const auto found = reader->committed({{input, 0}}, kPatience);
  BOOST_REQUIRE_EQUAL(found.size(), 1U);
  BOOST_CHECK_EQUAL(found.at({input, 0}).offset, 2);
  BOOST_CHECK_EQUAL(found.at({input, 0}).metadata, "meta");
}

BOOST_AUTO_TEST_CASE(makes_a_query_of_its_offsets_wait_until_it_ends) {
  const std::string input = topic();
  write(input, {"0", "1"});
  const std::string group = unique("group");
  const auto reader = consumer({{"group.id", group}});
  const auto writer = transactional(unique("tx"));
  writer->begin_transaction();
  writer->send_offsets_to_transaction({{{input, 0}, {2, std::nullopt, ""}}}, ConsumerGroupMetadata(group));
  BOOST_CHECK_EXCEPTION((void)reader->committed({{input, 0}}, Millis{500}), BrokerException,
                        [](const auto& error) { return error.severity() == Severity::retriable; });
  writer->commit_transaction(kPatience);
  BOOST_CHECK_EQUAL(reader->committed({{input, 0}}, kPatience).at({input, 0}).offset, 2);
}

BOOST_AUTO_TEST_CASE(takes_offsets_of_a_group_member) {
  const std::string input = topic();
  write(input, {"0"});
  Rebalances rebalances;
  const auto reader = consumer();
  reader->subscribe({input}, rebalances);
  (void)poll_records(*reader, 1);
  const auto writer = transactional(unique("tx"));
  writer->begin_transaction();
  writer->send_offsets_to_transaction({{{input, 0}, {1, std::nullopt, ""}}}, reader->group_metadata());
  writer->commit_transaction(kPatience);
  BOOST_CHECK_EQUAL(reader->committed({{input, 0}}, kPatience).at({input, 0}).offset, 1);
}

BOOST_AUTO_TEST_CASE(refuses_offsets_of_a_consumer_that_left_the_group) {
  const std::string input = topic();
  write(input, {"0"});
  Rebalances rebalances;
  const auto reader = consumer();
  reader->subscribe({input}, rebalances);
  (void)poll_records(*reader, 1);
  const ConsumerGroupMetadata stale = reader->group_metadata();
  reader->unsubscribe();
  const auto writer = transactional(unique("tx"));
  writer->begin_transaction();
  BOOST_CHECK_EXCEPTION(writer->send_offsets_to_transaction({{{input, 0}, {1, std::nullopt, ""}}}, stale),
                        BrokerException, fenced_or_abortable);
  writer->abort_transaction(kPatience);
  BOOST_CHECK(reader->committed({{input, 0}}, kPatience).empty());
}

BOOST_AUTO_TEST_CASE(refuses_offsets_of_an_older_generation) {
  const std::string input = topic(2);
  const std::string group = unique("group");
  Rebalances first_saw;
  Rebalances second_saw;
  const auto first = consumer({{"group.id", group}});
  first->subscribe({input}, first_saw);
  poll_all_until({first.get()}, [&] { return first_saw.owned.size() == 2; });
  const ConsumerGroupMetadata stale = first->group_metadata();
  const auto second = consumer({{"group.id", group}});
  second->subscribe({input}, second_saw);
  poll_all_until({first.get(), second.get()}, [&] { return second_saw.owned.size() == 1; });

  const auto writer = transactional(unique("tx"));
  writer->begin_transaction();
  BOOST_CHECK_EXCEPTION(writer->send_offsets_to_transaction({{{input, 0}, {0, std::nullopt, ""}}}, stale),
                        BrokerException, fenced_or_abortable);
  writer->abort_transaction(kPatience);
  writer->begin_transaction();
  writer->send_offsets_to_transaction({{{input, 0}, {0, std::nullopt, ""}}}, first->group_metadata());
  writer->commit_transaction(kPatience);
}

BOOST_AUTO_TEST_CASE(is_aborted_and_fenced_by_a_newer_producer_of_the_same_id) {
  const std::string topic = this->topic();
  const std::string id = unique("tx");
  const auto zombie = transactional(id);
  zombie->begin_transaction();
  send(*zombie, topic, "zombie");
  zombie->flush(kPatience);

  const auto heir = transactional(id);  // aborts the open transaction of the zombie
  heir->begin_transaction();
  send(*heir, topic, "heir");
  heir->commit_transaction(kPatience);

  BOOST_CHECK_EXCEPTION(
      {
        send(*zombie, topic, "zombie again");
        zombie->commit_transaction(kPatience);
      },
      BrokerException, is_fenced);
  const auto seen = read_to_end(*this, {topic, 0});
  BOOST_REQUIRE_EQUAL(seen.size(), 1U);
  BOOST_CHECK_EQUAL(seen[0].value.value(), "heir");
}

BOOST_AUTO_TEST_CASE(accepts_no_offsets_of_a_fenced_producer) {
  const std::string input = topic();
  const std::string group = unique("group");
  const std::string id = unique("tx");
  const auto zombie = transactional(id);
  zombie->begin_transaction();
  zombie->send_offsets_to_transaction({{{input, 0}, {1, std::nullopt, ""}}}, ConsumerGroupMetadata(group));
  const auto heir = transactional(id);
  BOOST_CHECK_EXCEPTION(
      {
        zombie->send_offsets_to_transaction({{{input, 0}, {2, std::nullopt, ""}}}, ConsumerGroupMetadata(group));
        zombie->commit_transaction(kPatience);
      },
      BrokerException, is_fenced);
  BOOST_CHECK(admin->group_offsets(group, kPatience).empty());
}

BOOST_AUTO_TEST_CASE(is_aborted_after_its_timeout) {
  const std::string topic = this->topic();
  const auto writer = transactional(unique("tx"), {{"transaction.timeout.ms", "1000"}});
  writer->begin_transaction();
  send(*writer, topic, "abandoned");
  writer->flush(kPatience);
  write(topic, {"after"});
  // No client ends the transaction, but the records after it become visible.
  const auto reader = consumer();
  reader->assign({{{topic, 0}, Consumer::kOffsetBeginning}});
  BOOST_CHECK_EQUAL(values(poll_records(*reader, 1)).at(0), "after");
  BOOST_CHECK_EXCEPTION(writer->commit_transaction(kPatience), BrokerException, fenced_or_abortable);
}

BOOST_AUTO_TEST_CASE(does_not_commit_if_one_of_its_records_failed) {
  const std::string topic = this->topic(1, {{"max.message.bytes", "10000"}});
  Deliveries deliveries;
  const auto writer = transactional(unique("tx"), {}, &deliveries);
  const std::string large(20000, 'x');
  writer->begin_transaction();
  send(*writer, topic, "good");
  BOOST_CHECK_EXCEPTION(
      {
        send(*writer, topic, large);
        writer->commit_transaction(kPatience);
      },
      BrokerException, [](const auto& error) { return error.severity() == Severity::abortable; });
  writer->abort_transaction(kPatience);
  writer->begin_transaction();
  send(*writer, topic, "second try");
  writer->commit_transaction(kPatience);
  const auto seen = read_to_end(*this, {topic, 0});
  BOOST_REQUIRE_EQUAL(seen.size(), 1U);
  BOOST_CHECK_EQUAL(seen[0].value.value(), "second try");
}

// The caller that catches the exception needs the report, because only the report names the refused record.
BOOST_AUTO_TEST_CASE(reports_the_refused_record_before_a_call_fails) {
  const std::string topic = this->topic(2, {{"max.message.bytes", "10000"}});
  const std::string large(20000, 'x');
  for (int attempt = 0; attempt < 10; ++attempt) {
    Deliveries deliveries;
    const auto writer = transactional(unique("tx"), {}, &deliveries);
    writer->begin_transaction();
    ProducerRecord record;
    record.topic = topic;
    record.partition = 0;
    record.value = large;
    writer->send(record, 7);
    BOOST_CHECK_EXCEPTION(
        {
          // The records of the other partition fill the time until the broker has answered.
          for (int i = 0; i < 1'000'000; ++i) send(*writer, topic, "good", 1);
          writer->commit_transaction(kPatience);
        },
        BrokerException, [](const auto& error) { return error.severity() == Severity::abortable; });
    // A batch of the small records may be too large as well.
    const auto refused = [](const auto& report) {
      return report.error && report.error->severity() != BrokerException::Severity::retriable;
    };
    BOOST_REQUIRE_MESSAGE(std::ranges::any_of(deliveries.all, refused), "no report in attempt " << attempt);
    writer->abort_transaction(kPatience);
  }
}

BOOST_AUTO_TEST_CASE(interleaves_with_others_in_one_partition) {
  const std::string topic = this->topic();
  const auto a = transactional(unique("tx"));
  const auto b = transactional(unique("tx"));
  a->begin_transaction();
  b->begin_transaction();
  for (int i = 0; i < 3; ++i) {
    send(*a, topic, "a" + std::to_string(i));
    a->flush(kPatience);
    send(*b, topic, "b" + std::to_string(i));
    b->flush(kPatience);
  }
  a->abort_transaction(kPatience);
  b->commit_transaction(kPatience);
  const std::vector<std::string> expected = {"b0", "b1", "b2"};
  BOOST_TEST(values(read_to_end(*this, {topic, 0})) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(must_be_begun_before_it_is_committed) {
  const auto writer = transactional(unique("tx"));
  BOOST_CHECK_THROW(writer->commit_transaction(kPatience), BrokerException);
  BOOST_CHECK_THROW(writer->abort_transaction(kPatience), BrokerException);
  const auto plain = producer();
  BOOST_CHECK_THROW(plain->init_transactions(kPatience), BrokerException);
}

BOOST_AUTO_TEST_SUITE_END()
