// SPDX-License-Identifier: Apache-2.0
// Retention and compaction of the embedded broker. The tests choose the current time.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>

#include "contract/embedded/embedded_fixture.hpp"

using namespace millrace;
using namespace millrace::detail;
using namespace millrace::contract;
using Strings = std::vector<std::string>;

namespace {

constexpr Timestamp kNow = 1700000000000;
constexpr std::int64_t kDay = 86400000;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(Retention, EmbeddedFixture)

BOOST_AUTO_TEST_CASE(deletes_records_older_than_retention_ms_by_their_own_timestamps) {
  create("t", {{"retention.ms", "1000"}});
  write("t", "a", "1", kNow - 5000);
  write("t", "b", "2", kNow - 1001);
  write("t", "c", "3", kNow - 1000);
  core->cleaner.apply_retention(kNow);
  BOOST_CHECK(contents("t") == Strings{"2:c=3"});
  BOOST_CHECK_EQUAL(admin()->watermarks({"t", 0}, kPatience).low, 2);
  core->cleaner.apply_retention(kNow + 1);
  BOOST_CHECK(contents("t").empty());
  BOOST_CHECK_EQUAL(admin()->watermarks({"t", 0}, kPatience).low, 3);
}

BOOST_AUTO_TEST_CASE(is_a_week_by_default_and_unlimited_if_minus_one) {
  create("week");
  create("ever", {{"retention.ms", "-1"}});
  for (const char* topic : {"week", "ever"}) {
    write(topic, "old", "1", kNow - 8 * kDay);
    write(topic, "new", "2", kNow - 6 * kDay);
  }
  core->cleaner.apply_retention(kNow);
  BOOST_CHECK(contents("week") == Strings{"1:new=2"});
  BOOST_CHECK_EQUAL(contents("ever").size(), 2U);
}

BOOST_AUTO_TEST_CASE(stops_at_the_first_record_that_is_young_enough) {
  create("t", {{"retention.ms", "1000"}});
  write("t", "young", "1", kNow);
  write("t", "old", "2", kNow - 5000);
  core->cleaner.apply_retention(kNow);
  BOOST_CHECK_EQUAL(contents("t").size(), 2U);
}

BOOST_AUTO_TEST_CASE(keeps_a_partition_below_retention_bytes) {
  create("t", {{"retention.ms", "-1"}, {"retention.bytes", "10000"}});
  for (int i = 0; i < 20; ++i) write("t", std::to_string(i), std::string(1000, 'x'), kNow);
  core->cleaner.apply_retention(kNow);
  const auto low = admin()->watermarks({"t", 0}, kPatience).low;
  BOOST_CHECK_GE(low, 9);
  BOOST_CHECK_LE(low, 11);
}

BOOST_AUTO_TEST_CASE(leaves_compacted_topics_alone) {
  create("t", {{"cleanup.policy", "compact"}, {"retention.ms", "1000"}});
  write("t", "a", "1", 5);
  core->cleaner.apply_retention(kNow);
  BOOST_CHECK_EQUAL(contents("t").size(), 1U);
}

BOOST_AUTO_TEST_CASE(does_not_touch_open_transactions) {
  create("t", {{"retention.ms", "1000"}});
  const auto writer = producer({{"transactional.id", "tx"}});
  writer->init_transactions(kPatience);
  writer->begin_transaction();
  ProducerRecord record;
  record.topic = "t";
  record.value = "v";
  record.timestamp = kNow - 5000;
  writer->send(record, 0);
  writer->flush(kPatience);
  core->cleaner.apply_retention(kNow);
  BOOST_CHECK_EQUAL(admin()->watermarks({"t", 0}, kPatience).low, 0);
  writer->commit_transaction(kPatience);
  BOOST_CHECK_EQUAL(contents("t").size(), 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(Compaction, EmbeddedFixture)

BOOST_AUTO_TEST_CASE(keeps_the_newest_value_of_each_key_with_its_offset) {
  create("t", {{"cleanup.policy", "compact"}});
  write("t", "a", "1", kNow);
  write("t", "b", "2", kNow);
  write("t", "a", "3", kNow);
  write("t", "c", "4", kNow);
  write("t", "b", "5", kNow);
  core->cleaner.compact(kNow);
  const Strings expected = {"2:a=3", "3:c=4", "4:b=5"};
  BOOST_CHECK(contents("t") == expected);
  reopen();
  BOOST_CHECK(contents("t") == expected);
  write("t", "d", "6", kNow);
  BOOST_CHECK_EQUAL(contents("t").back(), "5:d=6");
}

BOOST_AUTO_TEST_CASE(keeps_headers_and_timestamps) {
  create("t", {{"cleanup.policy", "compact"}});
  const Headers headers = {{"h", "1"}, {"n", std::nullopt}};
  ProducerRecord record;
  record.key = "a";
  record.value = "old";
  record.timestamp = kNow;
  write("t", {record});
  record.value = "new";
  record.timestamp = kNow - 7;
  record.headers = &headers;
  write("t", {record});
  core->cleaner.compact(kNow);
  const auto reader = consumer();
  reader->assign({{{"t", 0}, Consumer::kOffsetBeginning}});
  const auto seen = poll_records(*reader, 1);
  BOOST_CHECK_EQUAL(seen.at(0).timestamp, kNow - 7);
  BOOST_CHECK(seen[0].headers == headers);
}

BOOST_AUTO_TEST_CASE(keeps_tombstones_for_delete_retention_ms) {
  create("t", {{"cleanup.policy", "compact"}, {"delete.retention.ms", "1000"}, {"min.cleanable.dirty.ratio", "0"}});
  write("t", "a", "1", kNow);
  write("t", "a", std::nullopt, kNow);
  write("t", "b", "2", kNow);
  core->cleaner.compact(kNow);
  BOOST_CHECK((contents("t") == Strings{"1:a=-", "2:b=2"}));
  write("t", "c", "3", kNow);
  core->cleaner.compact(kNow + 999);
  BOOST_CHECK((contents("t") == Strings{"1:a=-", "2:b=2", "3:c=3"}));
  write("t", "d", std::nullopt, kNow);
  core->cleaner.compact(kNow + 1000);
  BOOST_CHECK((contents("t") == Strings{"2:b=2", "3:c=3", "4:d=-"}));
}

BOOST_AUTO_TEST_CASE(waits_for_min_compaction_lag_ms) {
  create("t", {{"cleanup.policy", "compact"}, {"min.compaction.lag.ms", "1000"}});
  write("t", "a", "1", kNow - 2000);
  write("t", "a", "2", kNow - 1500);
  write("t", "a", "3", kNow - 500);
  core->cleaner.compact(kNow);
  BOOST_CHECK((contents("t") == Strings{"1:a=2", "2:a=3"}));
}

BOOST_AUTO_TEST_CASE(waits_until_enough_records_are_new) {
  create("t", {{"cleanup.policy", "compact"}, {"min.cleanable.dirty.ratio", "0.5"}});
  for (const char* key : {"a", "b", "c", "d"}) write("t", key, "1", kNow);
  core->cleaner.compact(kNow);
  write("t", "a", "2", kNow);
  core->cleaner.compact(kNow);
  BOOST_CHECK_EQUAL(contents("t").size(), 5U);  // one of five is new
  for (const char* key : {"a", "b", "c"}) write("t", key, "3", kNow);
  core->cleaner.compact(kNow);
  BOOST_CHECK_EQUAL(contents("t").size(), 4U);
}

BOOST_AUTO_TEST_CASE(drops_aborted_records_and_stops_at_open_transactions) {
  create("t", {{"cleanup.policy", "compact"}, {"min.cleanable.dirty.ratio", "0"}});
  const auto transact = [&](Producer& writer, const std::string& key, const std::string& value) {
    writer.begin_transaction();
    ProducerRecord record;
    record.topic = "t";
    record.key = key;
    record.value = value;
    record.timestamp = kNow;
    writer.send(record, 0);
    writer.flush(kPatience);
  };
  const auto first = producer({{"transactional.id", "first"}});
  first->init_transactions(kPatience);
  const auto second = producer({{"transactional.id", "second"}});
  second->init_transactions(kPatience);
  transact(*first, "a", "1");
  first->commit_transaction(kPatience);
  transact(*first, "a", "aborted");
  first->abort_transaction(kPatience);
  transact(*second, "b", "open");
  transact(*first, "a", "2");
  first->commit_transaction(kPatience);
  core->cleaner.compact(kNow);
  BOOST_CHECK(contents("t") == Strings{"0:a=1"});
  second->commit_transaction(kPatience);
  core->cleaner.compact(kNow);
  BOOST_CHECK((contents("t") == Strings{"4:b=open", "5:a=2"}));
  BOOST_CHECK((contents("t", {{"isolation.level", "read_uncommitted"}}) == Strings{"4:b=open", "5:a=2"}));
}

BOOST_AUTO_TEST_CASE(keeps_the_next_offset_when_no_record_remains) {
  create("t", {{"cleanup.policy", "compact"}, {"delete.retention.ms", "0"}, {"min.cleanable.dirty.ratio", "0"}});
  write("t", "a", std::nullopt, kNow);
  core->cleaner.compact(kNow);
  write("t", "a", std::nullopt, kNow);
  core->cleaner.compact(kNow + 1);
  write("t", "a", std::nullopt, kNow);
  core->cleaner.compact(kNow + 2);
  BOOST_CHECK_LE(contents("t").size(), 1U);
  reopen();
  BOOST_CHECK_EQUAL(admin()->watermarks({"t", 0}, kPatience).high, 3);
}

BOOST_AUTO_TEST_CASE(makes_the_topic_refuse_records_without_a_key) {
  create("t", {{"cleanup.policy", "compact"}});
  Deliveries deliveries;
  const auto writer = producer({}, &deliveries);
  send(*writer, "t", "no key");
  writer->flush(kPatience);
  BOOST_REQUIRE_EQUAL(deliveries.all.size(), 1U);
  BOOST_CHECK(deliveries.all[0].error);
}

BOOST_AUTO_TEST_CASE(leaves_what_a_map_would_hold_after_random_writes) {
  constexpr unsigned kSeed = 1618;
  std::mt19937 random(kSeed);
  create("t", {{"cleanup.policy", "compact"}, {"min.cleanable.dirty.ratio", "0"}});
  std::map<std::string, std::string> expected;
  for (int round = 0; round < 5; ++round) {
    {
      const auto writer = producer();
      for (int i = 0; i < 20000; ++i) {
        const std::string key = std::to_string(random() % 5000);
        const std::string value = std::to_string(random()) + std::string(random() % 200, 'v');
        ProducerRecord record;
        record.topic = "t";
        record.key = key;
        record.value = value;
        record.timestamp = kNow;
        writer->send(record, 0);
        if (random() % 100 == 0) writer->flush(kPatience);
        expected[key] = value;
      }
      writer->flush(kPatience);
    }
    core->cleaner.compact(kNow);
    if (round == 3) reopen();
    BOOST_TEST_CONTEXT("seed " << kSeed << ", round " << round) {
      const auto reader = consumer();
      reader->assign({{{"t", 0}, Consumer::kOffsetBeginning}});
      std::vector<Seen> seen;
      poll_until(*reader, seen, [&] { return reader->current_lag({"t", 0}) == 0; });
      std::map<std::string, std::string> found;
      for (const Seen& record : seen) found[*record.key] = *record.value;
      BOOST_CHECK(found == expected);
      BOOST_CHECK_EQUAL(seen.size(), expected.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(does_not_disturb_a_reader) {
  create("t", {{"cleanup.policy", "compact"}, {"min.cleanable.dirty.ratio", "0"}});
  for (int i = 0; i < 100; ++i) write("t", std::to_string(i % 10), std::to_string(i), kNow);
  const auto reader = consumer();
  reader->assign({{{"t", 0}, Consumer::kOffsetBeginning}});
  std::vector<ConsumerRecord> records;
  reader->poll(records, 5, kPatience);
  core->cleaner.compact(kNow);
  std::vector<Seen> seen;
  poll_until(*reader, seen, [&] { return reader->position({"t", 0}) == 100; });
  for (std::size_t i = 0; i < 10; ++i) {
    BOOST_CHECK_EQUAL(*seen[seen.size() - 10 + i].value, std::to_string(90 + i));
  }
}

BOOST_AUTO_TEST_SUITE_END()
