// SPDX-License-Identifier: Apache-2.0
// What the embedded broker still has after its process was killed.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>

#include "contract/contract.hpp"
#include "contract/embedded/writer_process.hpp"
#include "support/temp_dir.hpp"

using namespace millrace;
using namespace millrace::contract;

namespace {

std::vector<std::string> read_all(Broker& broker, std::int32_t partition_number, bool read_committed = true) {
  const auto reader =
      broker.make_consumer({{"isolation.level", read_committed ? "read_committed" : "read_uncommitted"}});
  const TopicPartition partition{"records", partition_number};
  reader->assign({{partition, Consumer::kOffsetBeginning}});
  const std::int64_t end = reader->query_watermarks(partition, kPatience).high;
  std::vector<Seen> seen;
  poll_until(*reader, seen, [&] { return reader->position(partition).value_or(0) >= end; });
  return values(seen);
}

void check_counts_up(const std::vector<std::string>& found) {
  for (std::size_t i = 0; i < found.size(); ++i) BOOST_REQUIRE_EQUAL(found[i], std::to_string(i));
}

constexpr unsigned kSeed = 271828;

}  // namespace

BOOST_AUTO_TEST_SUITE(AfterKill9)

BOOST_AUTO_TEST_CASE(every_record_that_was_flushed_is_there_once_and_in_order) {
  const TempDir directory;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 4; ++round) {
    BOOST_TEST_CONTEXT("seed " << kSeed << ", round " << round) {
      WriterProcess writer(directory.path(), "records");
      for (auto n = 1 + random() % 400; n > 0; --n) BOOST_REQUIRE_GE(writer.next_confirmed(), 0);
      const long confirmed = writer.kill();
      const auto broker = Broker::embedded(directory.path().string());
      const auto found = read_all(*broker, 0);
      BOOST_CHECK_GE(static_cast<long>(found.size()), confirmed);
      check_counts_up(found);
    }
  }
}

BOOST_AUTO_TEST_CASE(transactions_are_complete_or_absent) {
  const TempDir directory;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 6; ++round) {
    BOOST_TEST_CONTEXT("seed " << kSeed << ", round " << round) {
      WriterProcess writer(directory.path(), "transactions");
      for (auto n = 1 + random() % 200; n > 0; --n) BOOST_REQUIRE_GE(writer.next_confirmed(), 0);
      const long confirmed = writer.kill();
      const auto broker = Broker::embedded(directory.path().string());
      const auto first = read_all(*broker, 0);
      check_counts_up(first);
      BOOST_CHECK(read_all(*broker, 1) == first);
      BOOST_CHECK_GE(static_cast<long>(first.size()), confirmed);
      BOOST_CHECK_EQUAL(first.size() % 3, 0U);
      const auto offsets = broker->make_admin()->group_offsets("g", kPatience);
      BOOST_CHECK_EQUAL(offsets.at({"records", 0}).offset, static_cast<std::int64_t>(first.size()));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_topic_that_was_being_compacted_has_the_newest_value_of_every_key) {
  const TempDir directory;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 6; ++round) {
    BOOST_TEST_CONTEXT("seed " << kSeed << ", round " << round) {
      WriterProcess writer(directory.path(), "compacted");
      for (auto n = 20 + random() % 400; n > 0; --n) BOOST_REQUIRE_GE(writer.next_confirmed(), 0);
      const long confirmed = writer.kill();
      const auto broker = Broker::embedded(directory.path().string());
      const auto reader = broker->make_consumer({});
      const TopicPartition partition{"compacted", 0};
      reader->assign({{partition, Consumer::kOffsetBeginning}});
      const std::int64_t end = reader->query_watermarks(partition, kPatience).high;
      BOOST_CHECK_GE(end, confirmed);
      std::vector<Seen> seen;
      poll_until(*reader, seen, [&] { return reader->position(partition).value_or(0) >= end; });
      std::map<std::string, std::string> newest;
      for (const Seen& record : seen) {
        BOOST_REQUIRE_EQUAL(*record.value, std::to_string(record.offset));
        newest[*record.key] = *record.value;
      }
      BOOST_REQUIRE_EQUAL(newest.size(), 100U);
      for (std::int64_t n = end - 100; n < end; ++n) {
        BOOST_CHECK_EQUAL(newest[std::to_string(n % 100)], std::to_string(n));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_transaction_that_was_open_is_aborted) {
  const TempDir directory;
  WriterProcess writer(directory.path(), "open");
  BOOST_REQUIRE_EQUAL(writer.next_confirmed(), 0);
  writer.kill();
  const auto broker = Broker::embedded(directory.path().string());
  const auto producer = broker->make_producer({});
  send(*producer, "records", "after");
  producer->flush(kPatience);
  BOOST_CHECK(read_all(*broker, 0) == std::vector<std::string>{"after"});
  BOOST_CHECK_EQUAL(read_all(*broker, 0, false).size(), 2U);
}

BOOST_AUTO_TEST_SUITE_END()
