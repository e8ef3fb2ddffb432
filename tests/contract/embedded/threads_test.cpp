// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <latch>
#include <mutex>
#include <set>
#include <thread>

#include "contract/embedded/embedded_fixture.hpp"
#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::detail;
using namespace millrace::contract;

BOOST_FIXTURE_TEST_SUITE(ManyThreads, EmbeddedFixture)

BOOST_AUTO_TEST_CASE(may_write_and_read_at_once_while_the_log_is_cleaned) {
  constexpr int kPartitions = 4;
  constexpr int kProducers = 3;
  constexpr int kConsumers = 3;
  constexpr int kEach = 4000;
  create("t", {{"cleanup.policy", "compact,delete"}, {"retention.ms", "-1"}, {"min.cleanable.dirty.ratio", "0"}},
         kPartitions);

  std::mutex mutex;
  std::set<std::string> found;  // guarded by mutex
  std::atomic<std::size_t> count{0};
  std::atomic<bool> failed{false};
  std::latch joined(kConsumers);

  std::vector<std::thread> threads;
  for (int c = 0; c < kConsumers; ++c) {
    threads.emplace_back([&] {
      Rebalances rebalances;
      const auto reader = consumer({{"group.id", "g"}});
      rebalances.before_revoke = [&](const std::vector<TopicPartition>& partitions) {
        for (const TopicPartition& partition : partitions) {
          try {
            reader->commit_sync({{partition, {reader->position(partition).value_or(0), std::nullopt, ""}}});
          } catch (const BrokerException& error) {
            // Another reader joins or leaves at the same moment. Nothing has been read then, or all has.
            if (error.severity() != BrokerException::Severity::retriable) throw;
          }
        }
      };
      reader->subscribe({"t"}, rebalances);
      std::vector<ConsumerRecord> records;
      while (rebalances.assigned_calls == 0) reader->poll(records, 100, Millis{20});
      joined.arrive_and_wait();
      while (count < kProducers * kEach && !failed) {
        records.clear();
        reader->poll(records, 100, Millis{20});
        const std::lock_guard lock(mutex);
        // The thread that finishes first leaves without committing, so its partitions are read again.
        if (found.size() == kProducers * kEach) break;
        for (const ConsumerRecord& record : records) {
          // Keys are unique, so a key that arrives twice was read twice.
          if (!found.insert(std::string(*record.key)).second) failed = true;
        }
        count = found.size();
      }
    });
  }
  for (int p = 0; p < kProducers; ++p) {
    threads.emplace_back([&, p] {
      const bool transactional = p == 0;
      const auto writer =
          producer(transactional ? ClientConfig{{"transactional.id", "tx"}} : ClientConfig{{"linger.ms", "1"}});
      if (transactional) writer->init_transactions(kPatience);
      joined.wait();
      for (int i = 0; i < kEach; ++i) {
        const std::string key = std::to_string(p) + "-" + std::to_string(i);
        if (transactional && i % 50 == 0) writer->begin_transaction();
        ProducerRecord record;
        record.topic = "t";
        record.key = key;
        record.value = "v";
        writer->send(record, 0);
        if (transactional && i % 50 == 49) writer->commit_transaction(kPatience);
      }
      writer->flush(kPatience);
    });
  }
  threads.emplace_back([&] {
    const auto own_admin = admin();
    int i = 0;
    while (count < kProducers * kEach && !failed) {
      core->cleaner.compact(Clock::system().now());
      core->cleaner.apply_retention(Clock::system().now());
      NewTopic topic;
      topic.name = "other-" + std::to_string(i++ % 3);
      if (!own_admin->create_topic(topic, kPatience)) own_admin->delete_topic(topic.name, kPatience);
    }
  });
  for (std::thread& thread : threads) thread.join();
  BOOST_CHECK(!failed);
  BOOST_CHECK_EQUAL(found.size(), static_cast<std::size_t>(kProducers * kEach));
}

BOOST_AUTO_TEST_CASE(wake_a_waiting_reader_by_writing) {
  create("t");
  const auto reader = consumer();
  reader->assign({{{"t", 0}, Consumer::kOffsetBeginning}});
  std::thread writer([&] { write("t", "k", "v", 5); });
  std::vector<ConsumerRecord> records;
  const auto start = std::chrono::steady_clock::now();
  reader->poll(records, 10, 10 * kPatience);
  writer.join();
  BOOST_CHECK_EQUAL(records.size(), 1U);
  BOOST_CHECK(std::chrono::steady_clock::now() - start < kPatience);
}

BOOST_AUTO_TEST_CASE(get_delivery_reports_on_their_own_thread_only) {
  struct OwnThread : DeliveryListener {
    std::thread::id owner = std::this_thread::get_id();
    int calls = 0;
    bool foreign = false;
    void on_delivery(const Delivery&) override {
      ++calls;
      if (std::this_thread::get_id() != owner) foreign = true;
    }
  } listener;
  create("t");
  const auto writer = producer({{"linger.ms", "1"}}, &listener);
  send(*writer, "t", "v");
  const auto reader = consumer();
  reader->assign({{{"t", 0}, Consumer::kOffsetBeginning}});
  BOOST_REQUIRE_EQUAL(poll_records(*reader, 1).size(), 1U);  // the broker's timer wrote it
  BOOST_CHECK_EQUAL(listener.calls, 0);
  writer->poll();
  BOOST_CHECK_EQUAL(listener.calls, 1);
  BOOST_CHECK(!listener.foreign);
}

BOOST_AUTO_TEST_SUITE_END()
