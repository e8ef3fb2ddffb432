// SPDX-License-Identifier: Apache-2.0
// What a process reads from a directory while another process writes to it.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "contract/contract.hpp"
#include "contract/embedded/writer_process.hpp"
#include "millrace/broker/unknown_topic.hpp"
#include "millrace/common/errors.hpp"
#include "support/temp_dir.hpp"

using namespace millrace;
using namespace millrace::contract;

namespace {

std::shared_ptr<Broker> open_to_read(const TempDir& directory) {
  return Broker::embedded(directory.path().string(), IfMissing::fail, IfInUse::read_only);
}

/// A consumer at the beginning of these partitions.
std::unique_ptr<Consumer> reader_of(Broker& broker, const std::string& topic, std::int32_t partitions,
                                    const char* isolation = "read_committed") {
  auto reader = broker.make_consumer({{"isolation.level", isolation}, {"auto.offset.reset", "earliest"}});
  std::vector<std::pair<TopicPartition, std::int64_t>> start;
  for (std::int32_t p = 0; p < partitions; ++p)
    start.emplace_back(TopicPartition{topic, p}, Consumer::kOffsetBeginning);
  reader->assign(start);
  return reader;
}

/// The records of a partition that the broker has at this moment.
std::vector<Seen> read_all(Broker& broker, const TopicPartition& partition, const char* isolation = "read_committed") {
  const auto reader = broker.make_consumer({{"isolation.level", isolation}, {"auto.offset.reset", "earliest"}});
  reader->assign({{partition, Consumer::kOffsetBeginning}});
  const std::int64_t end = reader->query_watermarks(partition, kPatience).high;
  std::vector<Seen> seen;
  poll_until(*reader, seen, [&] { return reader->position(partition).value_or(0) >= end; });
  // The broker may have seen further records meanwhile.
  std::erase_if(seen, [&](const Seen& record) { return record.offset >= end; });
  return seen;
}

std::string number_of(const Seen& record) { return record.value->substr(0, record.value->find(' ')); }

auto says(const std::string& what) {
  return [what](const StreamsException& error) { return std::string(error.what()).find(what) != std::string::npos; };
}

/// All files below the directory, with size and time of the last change.
std::set<std::string> files(const std::filesystem::path& directory) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const auto size = entry.is_regular_file() ? entry.file_size() : 0;
    files.insert(entry.path().string() + " " + std::to_string(size) + " " +
                 std::to_string(entry.last_write_time().time_since_epoch().count()));
  }
  return files;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(AReadOnlyBroker)

BOOST_AUTO_TEST_CASE(follows_transactions_whole_and_in_order) {
  const TempDir directory;
  WriterProcess writer(directory.path(), "transactions");
  BOOST_REQUIRE_GE(writer.next_confirmed(), 0);
  const auto broker = open_to_read(directory);
  const auto reader = reader_of(*broker, "records", 2);
  std::vector<Seen> seen;
  long confirmed = 0;
  while (confirmed < 600) confirmed = writer.next_confirmed();
  std::map<std::int32_t, long> next;
  std::size_t checked = 0;
  poll_until(*reader, seen, [&] {
    for (; checked < seen.size(); ++checked) {
      BOOST_REQUIRE_EQUAL(*seen[checked].value, std::to_string(next[seen[checked].partition]++));
    }
    return next[0] >= confirmed && next[1] >= confirmed;
  });
}

BOOST_AUTO_TEST_CASE(opened_anew_has_all_that_was_confirmed) {
  const TempDir directory;
  WriterProcess writer(directory.path(), "transactions");
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 10; ++i) BOOST_REQUIRE_GE(writer.next_confirmed(), 0);
    const long confirmed = writer.next_confirmed();
    const auto broker = open_to_read(directory);
    const auto first = values(read_all(*broker, {"records", 0}));
    BOOST_REQUIRE_GE(static_cast<long>(first.size()), confirmed);
    BOOST_REQUIRE_EQUAL(first.size() % 3, 0U);
    for (std::size_t i = 0; i < first.size(); ++i) BOOST_REQUIRE_EQUAL(first[i], std::to_string(i));
    BOOST_REQUIRE_GE(broker->make_admin()->group_offsets("g", kPatience).at({"records", 0}).offset, confirmed);
  }
}

BOOST_AUTO_TEST_CASE(misses_no_record_while_files_are_replaced) {
  const TempDir directory;
  WriterProcess writer(directory.path(), "large");
  BOOST_REQUIRE_GE(writer.next_confirmed(), 0);
  const auto broker = open_to_read(directory);
  const auto reader = reader_of(*broker, "large", 1);
  std::vector<Seen> seen;
  // 36 MB: the writer fills several write-ahead logs.
  std::int64_t next = 0;
  poll_until(*reader, seen, [&] {
    for (const Seen& record : seen) {
      BOOST_REQUIRE_EQUAL(record.offset, next);
      BOOST_REQUIRE_EQUAL(number_of(record), std::to_string(next++));
    }
    seen.clear();
    return next >= 1800;
  });
}

BOOST_AUTO_TEST_CASE(follows_a_log_whose_beginning_is_deleted) {
  const TempDir directory;
  WriterProcess writer(directory.path(), "retained");
  BOOST_REQUIRE_GE(writer.next_confirmed(), 0);
  const auto broker = open_to_read(directory);
  const auto reader = reader_of(*broker, "large", 1);
  std::vector<Seen> seen;
  std::int64_t last = -1;
  poll_until(*reader, seen, [&] {
    for (const Seen& record : seen) {
      BOOST_REQUIRE_GT(record.offset, last);
      BOOST_REQUIRE_EQUAL(number_of(record), std::to_string(record.offset));
      last = record.offset;
    }
    seen.clear();
    return last >= 1000;
  });
  const auto ends = broker->make_admin()->watermarks({"large", 0}, kPatience);
  BOOST_CHECK_GT(ends.low, 0);
}

BOOST_AUTO_TEST_CASE(sees_the_newest_value_of_every_key_of_a_compacted_topic) {
  const TempDir directory;
  WriterProcess writer(directory.path(), "compacted");
  for (int round = 0; round < 8; ++round) {
    for (int i = 0; i < 30; ++i) BOOST_REQUIRE_GE(writer.next_confirmed(), 0);
    const long confirmed = writer.next_confirmed();
    std::map<std::string, std::string> newest;
    std::int64_t end = 0;
    for (const Seen& record : read_all(*open_to_read(directory), {"compacted", 0})) {
      BOOST_REQUIRE_EQUAL(*record.value, std::to_string(record.offset));
      newest[*record.key] = *record.value;
      end = record.offset + 1;
    }
    BOOST_REQUIRE_GE(end, confirmed);
    BOOST_REQUIRE_EQUAL(newest.size(), 100U);
    for (std::int64_t n = end - 100; n < end; ++n) {
      BOOST_REQUIRE_EQUAL(newest[std::to_string(n % 100)], std::to_string(n));
    }
  }
}

BOOST_AUTO_TEST_CASE(follows_a_topic_that_is_deleted_and_created_again) {
  const TempDir directory;
  WriterProcess writer(directory.path(), "made_anew");
  BOOST_REQUIRE_GE(writer.next_confirmed(), 0);
  // Stays open, and so follows the changes.
  const auto broker = open_to_read(directory);
  int whole = 0;
  for (int round = 0; whole < 3 || round < 20; ++round) {
    for (int i = 0; i < 5; ++i) BOOST_REQUIRE_GE(writer.next_confirmed(), 0);
    try {
      const auto found = values(read_all(*broker, {"made-anew", 0}));
      BOOST_REQUIRE_LE(found.size(), 6U);
      for (std::size_t i = 0; i < found.size(); ++i) BOOST_REQUIRE_EQUAL(found[i], std::to_string(i % 3));
      if (found.size() >= 3) ++whole;
    } catch (const UnknownTopicOrPartitionException&) {
      // The topic does not exist at this moment.
    }
  }
}

BOOST_AUTO_TEST_CASE(sees_open_transactions_only_if_asked_and_changes_no_file) {
  const TempDir directory;
  WriterProcess writer(directory.path(), "open");
  BOOST_REQUIRE_EQUAL(writer.next_confirmed(), 0);
  const auto before = files(directory.path());
  {
    const auto broker = open_to_read(directory);
    BOOST_CHECK(read_all(*broker, {"records", 0}).empty());
    BOOST_CHECK(values(read_all(*broker, {"records", 0}, "read_uncommitted")) ==
                std::vector<std::string>{"never committed"});
    const auto admin = broker->make_admin();
    BOOST_CHECK_EQUAL(admin->list_topics(kPatience).size(), 1U);
    BOOST_CHECK_EQUAL(admin->watermarks({"records", 0}, kPatience).high, 1);
  }
  BOOST_CHECK(files(directory.path()) == before);
  // The transaction is still open: nobody has aborted it.
  BOOST_CHECK(read_all(*open_to_read(directory), {"records", 0}).empty());
}

BOOST_AUTO_TEST_CASE(refuses_everything_that_writes) {
  const TempDir directory;
  WriterProcess writer(directory.path(), "open");
  BOOST_REQUIRE_EQUAL(writer.next_confirmed(), 0);
  const auto broker = open_to_read(directory);
  BOOST_CHECK_EXCEPTION((void)broker->make_producer({}), BrokerException, says("it is open for reading only"));
  const auto admin = broker->make_admin();
  NewTopic topic;
  topic.name = "new";
  BOOST_CHECK_EXCEPTION((void)admin->create_topic(topic, kPatience), BrokerException, says("for reading only"));
  BOOST_CHECK_EXCEPTION(admin->delete_topic("records", kPatience), BrokerException, says("for reading only"));
  BOOST_CHECK_EXCEPTION(admin->alter_topic_config("records", {{"retention.ms", "1"}}, kPatience), BrokerException,
                        says("for reading only"));
  const auto consumer = broker->make_consumer({{"group.id", "g"}});
  BOOST_CHECK_EXCEPTION(consumer->commit_sync({{{"records", 0}, {1, std::nullopt, ""}}}), BrokerException,
                        says("for reading only"));
  BOOST_CHECK_EQUAL(admin->list_topics(kPatience).size(), 1U);
  // Within this process, too, nobody can write.
  BOOST_CHECK_EXCEPTION((void)Broker::embedded(directory.path().string()), LockException,
                        says("is open for reading only in this process"));
}

BOOST_AUTO_TEST_CASE(goes_on_after_the_writer_was_killed_and_started_again) {
  const TempDir directory;
  auto writer = std::make_unique<WriterProcess>(directory.path(), "records");
  BOOST_REQUIRE_GE(writer->next_confirmed(), 0);
  const auto broker = open_to_read(directory);
  const auto reader = reader_of(*broker, "records", 1);
  std::vector<Seen> seen;
  std::size_t checked = 0;
  for (int round = 0; round < 4; ++round) {
    long confirmed = 0;
    for (int i = 0; i < 40; ++i) confirmed = writer->next_confirmed();
    writer->kill();
    poll_until(*reader, seen, [&] { return static_cast<long>(seen.size()) >= confirmed; });
    for (; checked < seen.size(); ++checked) BOOST_REQUIRE_EQUAL(*seen[checked].value, std::to_string(checked));
    writer = std::make_unique<WriterProcess>(directory.path(), "records");
    BOOST_REQUIRE_GE(writer->next_confirmed(), 0);
  }
}

BOOST_AUTO_TEST_CASE(keeps_no_other_process_from_writing) {
  const TempDir directory;
  { (void)Broker::embedded(directory.path().string()); }
  const auto broker = open_to_read(directory);
  // Another process opens the directory while this one reads it.
  WriterProcess writer(directory.path(), "records");
  while (writer.next_confirmed() < 10) BOOST_REQUIRE(writer.id() > 0);
  const auto admin = broker->make_admin();
  while (!admin->describe_topic("records", kPatience)) std::this_thread::yield();
  const auto reader = reader_of(*broker, "records", 1);
  BOOST_TEST(poll_records(*reader, 10).size() >= 10U);
}

BOOST_AUTO_TEST_CASE(shows_what_is_behind_a_transaction_that_a_crash_has_left) {
  const TempDir directory;
  {
    WriterProcess writer(directory.path(), "open");
    BOOST_REQUIRE_EQUAL(writer.next_confirmed(), 0);
  }
  // The transaction's record is not shown, and nothing waits for its end.
  const auto broker = open_to_read(directory);
  const TopicPartition partition{"records", 0};
  BOOST_TEST(read_all(*broker, partition).empty());
  const auto reader = broker->make_consumer({{"isolation.level", "read_committed"}});
  BOOST_TEST(reader->query_watermarks(partition, kPatience).high > 1);
}

BOOST_AUTO_TEST_SUITE_END()
