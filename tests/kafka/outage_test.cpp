// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <future>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kafka/kafka_tools.hpp"
#include "millrace/common/errors.hpp"
#include "support/own_kafka.hpp"

using namespace millrace;
using namespace millrace::kafka_test;
using Severity = BrokerException::Severity;

namespace {

/// A Kafka server of this test, which the test kills and starts again.
struct Outage {
  OwnKafka kafka;
  std::shared_ptr<Broker> broker = Broker::kafka(kafka.address());
};

/// Reads exactly the partitions that the group assigns.
struct TakeAll : RebalanceListener {
  std::vector<TopicPartition> on_partitions_assigned(const std::vector<TopicPartition>& p) override { return p; }
  std::vector<TopicPartition> on_partitions_revoked(const std::vector<TopicPartition>& p) override { return p; }
  std::vector<TopicPartition> on_partitions_lost(const std::vector<TopicPartition>& p) override { return p; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(KafkaOutage, Outage)

BOOST_AUTO_TEST_CASE(costs_neither_the_producer_nor_the_group_a_record) {
  constexpr std::int64_t kRecords = 30'000;
  struct Count : DeliveryListener {
    void on_delivery(const Delivery& delivery) override { ++(delivery.error == nullptr ? delivered : failed); }
    std::int64_t delivered = 0;
    std::int64_t failed = 0;
  } count;
  const auto topic = new_topic(*broker);
  const TopicPartition partition{topic, 0};

  std::future<void> outage;
  const auto producer = broker->make_producer({}, &count);
  TakeAll listener;
  const auto consumer = broker->make_consumer({{"group.id", unique("group")}, {"auto.offset.reset", "earliest"}});
  consumer->subscribe({topic}, listener);

  std::int64_t sent = 0;
  std::int64_t read = 0;
  poll_until(*consumer, 1000, [&](const std::vector<ConsumerRecord>& records) {
    for (const auto& record : records) BOOST_REQUIRE_EQUAL(std::string(*record.value), std::to_string(read++));
    if (sent == kRecords / 2 && !outage.valid()) {
      outage = std::async(std::launch::async, [this] {
        kafka.kill();
        kafka.start();
      });
    }
    for (const auto until = std::min(kRecords, sent + 100); sent < until; ++sent) {
      const auto value = std::to_string(sent);
      producer->send({.topic = topic, .partition = 0, .key = {}, .value = value, .timestamp = {}});
    }
    producer->poll();
    return read == kRecords;
  });
  outage.get();
  producer->flush(kPatience);
  BOOST_CHECK_EQUAL(count.delivered, kRecords);
  BOOST_CHECK_EQUAL(count.failed, 0);
  BOOST_CHECK_EQUAL(broker->make_admin()->watermarks(partition, kPatience).high, kRecords);
  consumer->commit_sync({{partition, {.offset = read, .leader_epoch = {}, .metadata = "after the outage"}}});
  BOOST_CHECK_EQUAL(consumer->committed({partition}, kPatience).at(partition).metadata, "after the outage");
}

BOOST_AUTO_TEST_CASE(leaves_transactions_whole) {
  constexpr int kTransactions = 60;
  const auto topic = new_topic(*broker);
  const auto id = unique("tx");
  std::unique_ptr<Producer> producer;
  // If a commit failed, only a reader can tell whether the transaction was committed.
  const auto committed = [&] {
    std::multiset<std::string> values;
    const TopicPartition partition{topic, 0};
    const auto reader = broker->make_consumer({{"isolation.level", "read_committed"}});
    const auto end = reader->query_watermarks(partition, kPatience).high;
    reader->assign({{partition, 0}});
    poll_until(*reader, 1000, [&](const std::vector<ConsumerRecord>& records) {
      for (const auto& record : records) values.emplace(*record.value);
      return reader->position(partition).value_or(0) >= end;
    });
    return values;
  };

  std::future<void> outage;
  int failures = 0;
  for (int transaction = 0; transaction < kTransactions;) {
    const auto value = std::to_string(transaction);
    try {
      if (producer == nullptr) {
        producer = broker->make_producer({{"transactional.id", id}});
        producer->init_transactions(kPatience);
        if (committed().contains(value)) ++transaction;
        continue;
      }
      producer->begin_transaction();
      for (int i = 0; i < 3; ++i) {
        producer->send({.topic = topic, .partition = 0, .key = {}, .value = value, .timestamp = {}});
      }
      if (transaction == kTransactions / 2 && !outage.valid()) {
        kafka.kill();
        outage = std::async(std::launch::async, [this] { kafka.start(); });
      }
      producer->commit_transaction(kPatience);
      ++transaction;
    } catch (const BrokerException& error) {
      BOOST_TEST_MESSAGE("transaction " << transaction << ": " << error.what());
      BOOST_REQUIRE_LT(++failures, 10);
      if (error.severity() == Severity::abortable) {
        producer->abort_transaction(kPatience);
      } else {
        producer.reset();
      }
    }
  }
  outage.get();
  const auto values = committed();
  BOOST_CHECK_EQUAL(values.size(), 3U * kTransactions);
  for (int i = 0; i < kTransactions; ++i) BOOST_CHECK_EQUAL(values.count(std::to_string(i)), 3U);
}

BOOST_AUTO_TEST_SUITE_END()
