#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/broker/topic_partition.hpp"
#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// Owns the memory that a ConsumerRecord's key and value point into (a librdkafka message, a page of the
/// embedded log). Move-only; frees on destruction.
class RecordBuffer {
 public:
  RecordBuffer() = default;
  RecordBuffer(void* memory, void (*release)(void*)) : memory_(memory), release_(release) {}
  RecordBuffer(RecordBuffer&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), release_(other.release_) {}
  RecordBuffer& operator=(RecordBuffer&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(release_, other.release_);
    return *this;
  }
  RecordBuffer(const RecordBuffer&) = delete;
  RecordBuffer& operator=(const RecordBuffer&) = delete;
  ~RecordBuffer() {
    if (memory_ != nullptr) release_(memory_);
  }

 private:
  void* memory_ = nullptr;
  void (*release_)(void*) = nullptr;
};

/// A record as it was read. Key and value are views, valid as long as `buffer` lives.
struct ConsumerRecord {
  /// Points at a name that lives as long as the consumer that returned the record.
  const std::string* topic = nullptr;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::optional<std::int32_t> leader_epoch;
  Timestamp timestamp = kNoTimestamp;
  BytesView key;
  BytesView value;
  Headers headers;
  RecordBuffer buffer;
};

/// Identifies a group member when its offsets become part of a transaction.
/// Made by Consumer::group_metadata(), or from a bare group id for a program that commits
/// offsets without being a member (the broker then does not check the generation).
class ConsumerGroupMetadata {
 public:
  explicit ConsumerGroupMetadata(std::string group_id) : group_id_(std::move(group_id)) {}
  ConsumerGroupMetadata(std::string group_id, std::shared_ptr<const void> native)
      : group_id_(std::move(group_id)), native_(std::move(native)) {}

  [[nodiscard]] const std::string& group_id() const { return group_id_; }
  /// The client library's own representation, or null.
  [[nodiscard]] const void* native() const { return native_.get(); }

 private:
  std::string group_id_;
  std::shared_ptr<const void> native_;
};

/// Told about partitions that the group gives to this consumer or takes from it. Called inside poll() or
/// unsubscribe()/close(), on the polling thread. Partitions named here are those of *subscribed* topics.
class RebalanceListener {
 public:
  virtual ~RebalanceListener() = default;

  /// `partitions` are newly assigned. Returns everything that the consumer shall start to read: these and any
  /// companion partitions of topics that are not subscribed to. Reading starts at the committed offset, else
  /// at auto.offset.reset.
  virtual std::vector<TopicPartition> on_partitions_assigned(const std::vector<TopicPartition>& partitions) = 0;

  /// `partitions` move to another member once this returns; offsets can still be committed inside.
  /// Returns everything that the consumer shall stop reading.
  virtual std::vector<TopicPartition> on_partitions_revoked(const std::vector<TopicPartition>& partitions) = 0;

  /// As revoked, but they belong to somebody else already: nothing may be committed.
  virtual std::vector<TopicPartition> on_partitions_lost(const std::vector<TopicPartition>& partitions) = 0;
};

/// First and next offset of a partition.
struct Watermarks {
  std::int64_t low = 0;
  std::int64_t high = 0;  ///< next offset to be written; under read_committed the last stable offset
};

/// Reads records. Used by one thread at a time. (Kafka: `Consumer`.)
///
/// Errors: every call throws BrokerException; retriable ones were retried inside for the configured time.
class Consumer {
 public:
  virtual ~Consumer() = default;

  /// Joins the group (`group.id`) for these topics; the listener must outlive the subscription.
  /// A name starting with `^` is a regular expression that is matched against all topics, again whenever the
  /// metadata changes.
  virtual void subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) = 0;

  /// Leaves the group: revokes what is assigned (calling the listener), then tells the coordinator.
  virtual void unsubscribe() = 0;

  /// Reads exactly these partitions, without a group, from the given offsets. kOffsetBeginning and kOffsetEnd
  /// are allowed. Replaces an earlier assignment.
  virtual void assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& partitions) = 0;
  static constexpr std::int64_t kOffsetBeginning = -2;
  static constexpr std::int64_t kOffsetEnd = -1;

  /// Appends up to `max_records` to `records`, waiting up to `timeout` for the first one. Runs rebalance
  /// callbacks. Records of one partition come in offset order.
  virtual void poll(std::vector<ConsumerRecord>& records, std::size_t max_records, Millis timeout) = 0;

  /// Ends a poll() that is waiting in another thread. The only thread-safe call.
  virtual void wakeup() = 0;

  /// Stops and restarts delivery of partitions that stay assigned. Records that were fetched already are kept
  /// for later, and poll() returns none of a paused partition.
  virtual void pause(const std::vector<TopicPartition>& partitions) = 0;
  virtual void resume(const std::vector<TopicPartition>& partitions) = 0;

  virtual void seek(const TopicPartition& partition, std::int64_t offset) = 0;

  /// Offset of the next record that poll() will return, if known already. Skips transaction markers.
  [[nodiscard]] virtual std::optional<std::int64_t> position(const TopicPartition& partition) = 0;

  /// Records between position and the end of the partition as far as this consumer knows without asking the
  /// broker: 0 means caught up at the last fetch, nullopt unknown. (Kafka: `currentLag`; for max.task.idle.ms.)
  [[nodiscard]] virtual std::optional<std::int64_t> current_lag(const TopicPartition& partition) = 0;

  /// Asks the broker.
  [[nodiscard]] virtual Watermarks query_watermarks(const TopicPartition& partition, Millis timeout) = 0;

  /// Offset of the first record with a timestamp >= `timestamp`; nullopt if there is none.
  [[nodiscard]] virtual std::optional<std::int64_t> offset_for_time(const TopicPartition& partition,
                                                                    Timestamp timestamp, Millis timeout) = 0;

  /// The group's committed offsets; partitions without one are absent. With isolation.level=read_committed it waits for
  /// pending transactional commits.
  [[nodiscard]] virtual std::map<TopicPartition, OffsetAndMetadata> committed(
      const std::vector<TopicPartition>& partitions, Millis timeout) = 0;

  virtual void commit_sync(const std::map<TopicPartition, OffsetAndMetadata>& offsets) = 0;

  [[nodiscard]] virtual ConsumerGroupMetadata group_metadata() const = 0;
};

}  // namespace millrace
