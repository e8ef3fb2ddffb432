// SPDX-License-Identifier: Apache-2.0
// Exactly-once processing with the broker interface alone, while workers are killed.
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>
#include <set>

#include "contract/contract.hpp"
#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::contract;

namespace {

/// Copies records to the output and commits their offsets in one transaction, as a stream thread does. If a commit
/// fails, the worker forgets the records and reads them again.
class Worker {
 public:
  Worker(Contract& contract, const std::string& group, const std::string& input, std::string output)
      : output_(std::move(output)), reader_(contract.consumer({{"group.id", group}})) {
    // A short timeout, so that the open transaction of a killed worker does not block readers for long.
    writer_ = contract.transactional(Contract::unique("worker"), {{"transaction.timeout.ms", "3000"}});
    rebalances_.before_revoke = [this](const auto&) { commit(); };
    rebalances_.on_loss = [this] { abort(); };
    reader_->subscribe({input}, rebalances_);
  }

  /// Ends the worker as if it was killed: it neither commits nor aborts.
  ~Worker() { rebalances_.before_revoke = nullptr; }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Runs one round. The round may leave its transaction open, and the next round commits it.
  void work(bool commit_now) {
    std::vector<ConsumerRecord> records;
    reader_->poll(records, 10, Millis{50});
    for (const ConsumerRecord& record : records) {
      if (!open_) writer_->begin_transaction();
      open_ = true;
      send(*writer_, output_, std::string(*record.value), record.partition);
      read_[{*record.topic, record.partition}] = record.offset + 1;
    }
    if (commit_now) commit();
  }

 private:
  void commit() {
    if (!open_) return;
    try {
      std::map<TopicPartition, OffsetAndMetadata> offsets;
      for (const auto& [partition, offset] : read_) offsets[partition] = {offset, std::nullopt, ""};
      writer_->send_offsets_to_transaction(offsets, reader_->group_metadata());
      writer_->commit_transaction(kPatience);
      open_ = false;
      read_.clear();
    } catch (const BrokerException& error) {
      if (error.severity() != BrokerException::Severity::abortable) throw;
      abort();
      go_back();
    }
  }

  void abort() {
    if (open_) writer_->abort_transaction(kPatience);
    open_ = false;
    read_.clear();
  }

  /// Seeks to the committed offset of the group.
  void go_back() {
    for (const TopicPartition& partition : rebalances_.owned) {
      const auto committed = reader_->committed({partition}, kPatience);
      const auto found = committed.find(partition);
      reader_->seek(partition, found == committed.end() ? Consumer::kOffsetBeginning : found->second.offset);
    }
  }

  const std::string output_;
  Rebalances rebalances_;
  std::unique_ptr<Consumer> reader_;
  std::unique_ptr<Producer> writer_;
  std::map<TopicPartition, std::int64_t> read_;
  bool open_ = false;
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + ' ';
  return text;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ReadProcessWrite, Contract)

BOOST_AUTO_TEST_CASE(writes_every_record_once_while_workers_are_killed_with_open_transactions) {
  constexpr int kPartitions = 3;
  constexpr int kEach = 100;
  constexpr unsigned kSeed = 31337;
  std::mt19937 random(kSeed);
  BOOST_TEST_MESSAGE("seed " << kSeed);
  const std::string input = topic(kPartitions);
  const std::string output = topic(kPartitions);
  const std::string group = unique("group");
  std::vector<std::string> expected[kPartitions];
  for (int p = 0; p < kPartitions; ++p) {
    for (int i = 0; i < kEach; ++i) expected[p].push_back(std::to_string(p) + "/" + std::to_string(i));
    write(input, expected[p], p);
  }

  std::vector<std::unique_ptr<Worker>> workers;
  workers.push_back(std::make_unique<Worker>(*this, group, input, output));
  int killed = 0;
  const auto done = [&] {
    const auto offsets = admin->group_offsets(group, kPatience);
    return offsets.size() == kPartitions && std::all_of(offsets.begin(), offsets.end(), [](const auto& committed) {
             return committed.second.offset == kEach;
           });
  };
  const auto deadline = std::chrono::steady_clock::now() + 2 * kPatience;
  for (int round = 0; !done(); ++round) {
    BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline,
                          "the workers did not finish in time; killed " << killed);
    for (const auto& worker : workers) worker->work(random() % 3 == 0);
    if (round == 3 || round == 9) workers.push_back(std::make_unique<Worker>(*this, group, input, output));
    if ((round == 6 || round == 12) && workers.size() > 1) {
      workers.erase(workers.begin());
      ++killed;
    }
  }
  BOOST_CHECK_EQUAL(killed, 2);
  workers.clear();
  const auto stable = consumer();
  const auto all = consumer({{"isolation.level", "read_uncommitted"}});
  for (int p = 0; p < kPartitions; ++p) {
    // The open transactions of killed workers end after transaction.timeout.ms.
    while (stable->query_watermarks({output, p}, kPatience).high < all->query_watermarks({output, p}, kPatience).high) {
      BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "a transaction was not ended in time");
    }
    // The values are joined into one text, so that a failure shows which are missing or repeated.
    BOOST_CHECK_EQUAL(joined(values(read_to_end(*this, {output, p}))), joined(expected[p]));
  }
}

BOOST_AUTO_TEST_SUITE_END()
