// SPDX-License-Identifier: Apache-2.0
#include "contract/contract.hpp"

#include <algorithm>

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

namespace millrace::contract {
void Deliveries::on_delivery(const Delivery& delivery) {
  Known known{std::string(delivery.topic), delivery.partition, delivery.offset, delivery.token, std::nullopt};
  if (delivery.error != nullptr) known.error = *delivery.error;
  all.push_back(std::move(known));
}

std::vector<TopicPartition> Rebalances::with_companions(const std::vector<TopicPartition>& partitions) const {
  std::vector<TopicPartition> all = partitions;
  if (!companions) return all;
  for (const TopicPartition& partition : partitions) {
    const auto more = companions(partition);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

void Rebalances::drop(const std::vector<TopicPartition>& partitions) {
  for (const TopicPartition& partition : partitions) std::erase(owned, partition);
}

std::vector<TopicPartition> Rebalances::on_partitions_assigned(const std::vector<TopicPartition>& partitions) {
  ++assigned_calls;
  owned.insert(owned.end(), partitions.begin(), partitions.end());
  std::sort(owned.begin(), owned.end());
  return with_companions(partitions);
}

std::vector<TopicPartition> Rebalances::on_partitions_revoked(const std::vector<TopicPartition>& partitions) {
  if (before_revoke) before_revoke(partitions);
  revoked.insert(revoked.end(), partitions.begin(), partitions.end());
  drop(partitions);
  return with_companions(partitions);
}

std::vector<TopicPartition> Rebalances::on_partitions_lost(const std::vector<TopicPartition>& partitions) {
  if (on_loss) on_loss();
  lost.insert(lost.end(), partitions.begin(), partitions.end());
  drop(partitions);
  return with_companions(partitions);
}

void send(Producer& producer, const std::string& topic, const std::string& value, std::int32_t partition) {
  ProducerRecord record;
  record.topic = topic;
  record.partition = partition;
  record.value = value;
  producer.send(record);
}

Seen copy(const ConsumerRecord& record) {
  Seen seen;
  seen.topic = *record.topic;
  seen.partition = record.partition;
  seen.offset = record.offset;
  seen.timestamp = record.timestamp;
  if (record.key) seen.key = std::string(*record.key);
  if (record.value) seen.value = std::string(*record.value);
  seen.headers = record.headers;
  return seen;
}

void poll_into(Consumer& consumer, std::vector<Seen>& seen, Millis timeout) {
  std::vector<ConsumerRecord> records;
  consumer.poll(records, 1000, timeout);
  for (const ConsumerRecord& record : records) seen.push_back(copy(record));
}

void poll_until(Consumer& consumer, std::vector<Seen>& seen, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline,
                          "not reached in time; records so far: " << seen.size());
    poll_into(consumer, seen);
  }
}

std::vector<Seen> poll_records(Consumer& consumer, std::size_t count) {
  std::vector<Seen> seen;
  poll_until(consumer, seen, [&] { return seen.size() >= count; });
  return seen;
}

void poll_all_until(const std::vector<Consumer*>& consumers, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::vector<Seen> dropped;
  while (!done()) {
    BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "the condition was not reached in time");
    for (Consumer* consumer : consumers) poll_into(*consumer, dropped, Millis{50});
  }
}

std::vector<std::string> values(const std::vector<Seen>& seen) {
  std::vector<std::string> all;
  for (const Seen& record : seen) all.push_back(record.value.value_or("(null)"));
  return all;
}

}  // namespace millrace::contract
