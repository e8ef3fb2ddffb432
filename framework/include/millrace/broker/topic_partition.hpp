// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace millrace {

/// One partition of a topic. Ordered by topic, then by partition. (Kafka: `TopicPartition`.)
struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;  ///< from 0

  auto operator<=>(const TopicPartition&) const = default;

  /// `topic-partition`, as Kafka prints it.
  [[nodiscard]] std::string str() const { return topic + "-" + std::to_string(partition); }
};

/// A committed position. (Kafka: `OffsetAndMetadata`.)
struct OffsetAndMetadata {
  std::int64_t offset = 0;  ///< the next record to read, not the last one that was read
  std::optional<std::int32_t> leader_epoch;
  std::string metadata;  ///< chosen by the application; at most 4096 bytes by default

  bool operator==(const OffsetAndMetadata&) const = default;
};

}  // namespace millrace

template <>
struct std::hash<millrace::TopicPartition> {
  std::size_t operator()(const millrace::TopicPartition& tp) const noexcept {
    return std::hash<std::string>{}(tp.topic) * 31 + static_cast<std::size_t>(tp.partition);
  }
};
