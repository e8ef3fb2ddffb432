// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "millrace/broker/consumer.hpp"

namespace millrace {

/// A consumer that returns the records and committed offsets that the test gives it. It has no group.
class FakeConsumer final : public Consumer {
 public:
  void subscribe(const std::vector<std::string>&, RebalanceListener&) override {}
  void unsubscribe() override {}
  void assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& partitions) override {
    positions.clear();
    for (const auto& [partition, offset] : partitions) positions[partition] = offset;
    assigned.push_back(partitions);
  }
  /// After an assign(), keeps back the records of partitions that are not assigned.
  void poll(std::vector<ConsumerRecord>& into, std::size_t, Millis) override {
    std::vector<ConsumerRecord> kept;
    for (ConsumerRecord& record : records) {
      const TopicPartition partition{*record.topic, record.partition};
      if (!assigned.empty() && !positions.contains(partition)) {
        kept.push_back(std::move(record));
        continue;
      }
      positions[partition] = record.offset + 1;
      into.push_back(std::move(record));
    }
    records = std::move(kept);
  }
  void wakeup() override {}
  void pause(const std::vector<TopicPartition>&) override {}
  void resume(const std::vector<TopicPartition>&) override {}
  void seek(const TopicPartition& partition, std::int64_t offset) override { sought[partition] = offset; }
  std::optional<std::int64_t> position(const TopicPartition& partition) override {
    const auto found = positions.find(partition);
    return found == positions.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<std::int64_t> current_lag(const TopicPartition&) override { return 0; }
  Watermarks query_watermarks(const TopicPartition&, Millis) override { return {}; }
  std::optional<std::int64_t> offset_for_time(const TopicPartition&, Timestamp, Millis) override {
    return std::nullopt;
  }
  std::map<TopicPartition, OffsetAndMetadata> committed(const std::vector<TopicPartition>& partitions,
                                                        Millis) override {
    std::map<TopicPartition, OffsetAndMetadata> found;
    for (const TopicPartition& partition : partitions) {
      if (const auto offset = offsets.find(partition); offset != offsets.end()) found.insert(*offset);
    }
    return found;
  }
  void commit_sync(const std::map<TopicPartition, OffsetAndMetadata>& committed) override {
    for (const auto& [partition, offset] : committed) offsets[partition] = offset;
  }
  [[nodiscard]] ConsumerGroupMetadata group_metadata() const override { return group; }

  ConsumerGroupMetadata group{"app"};

  std::vector<ConsumerRecord> records;
  std::map<TopicPartition, std::int64_t> positions;
  std::vector<std::vector<std::pair<TopicPartition, std::int64_t>>> assigned;
  std::map<TopicPartition, OffsetAndMetadata> offsets;  ///< committed
  std::map<TopicPartition, std::int64_t> sought;        ///< the last seek() of each partition
};

}  // namespace millrace
