// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "millrace/broker/consumer.hpp"
#include "millrace/connect/sink.hpp"

namespace millrace::connect::detail {

/// Where a sink stands in each of its partitions. Used by the thread of the runner.
class SinkOffsets {
 public:
  /// `consumer` must outlive the object.
  explicit SinkOffsets(Consumer& consumer) : consumer_(consumer) {}

  /// Partitions that the group has given to this consumer.
  void assign(const std::vector<TopicPartition>& partitions);
  /// Partitions that the group has taken away.
  void forget(const std::vector<TopicPartition>& partitions);
  [[nodiscard]] std::vector<TopicPartition> assigned() const;

  /// True if the sink was not asked yet where partitions begin.
  [[nodiscard]] bool has_fresh() const;
  /// Asks the sink where its new partitions begin, and goes there.
  void take_positions(Sink& sink);
  /// Removes records that the sink already has, and those of partitions that were taken away.
  void drop_repeated(std::vector<ConsumerRecord>& records) const;

  /// The consumer has returned these records. Until they are committed, seek_back() brings them again.
  void read(const std::vector<ConsumerRecord>& records);
  /// The sink has got these records.
  void given(const std::vector<ConsumerRecord>& records);
  /// The reader has passed markers of transactions, which are no records. Without this, a group would never reach the
  /// end of a topic that ends with a marker.
  void pass_markers();

  /// What may be committed, and is not yet.
  [[nodiscard]] std::map<TopicPartition, std::int64_t> to_commit(Sink& sink) const;
  /// Commits. Returns the number of records whose offsets are committed now.
  std::size_t commit(const std::map<TopicPartition, std::int64_t>& offsets);

  /// Reads all records again that are not committed.
  void seek_back();

 private:
  struct Place {
    bool fresh = true;
    std::optional<std::int64_t> begin;      ///< where the sink wants to begin
    std::optional<std::int64_t> committed;  ///< by this process; unset: nothing yet
    std::optional<std::int64_t> start;      ///< where its first record was
    std::optional<std::int64_t> next;       ///< behind the last record that the sink has got
    /// Offsets of records that the sink has got and that are not committed. Offsets have gaps, so counting needs them.
    std::vector<std::int64_t> uncommitted;
  };

  Consumer& consumer_;
  std::map<TopicPartition, Place> places_;
};

}  // namespace millrace::connect::detail
