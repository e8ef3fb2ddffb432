// SPDX-License-Identifier: Apache-2.0
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

/// Owns the memory to which the key and value of a ConsumerRecord point: a librdkafka message, or a page of the
/// embedded log. Move-only. Releases the memory on destruction.
class RecordBuffer {
 public:
  RecordBuffer() = default;
  /// `release` is called once with `memory`, on the thread that destroys the buffer.
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

/// A record as it was read. `key` and `value` are views that are valid while `buffer` lives. (Kafka: `ConsumerRecord`.)
struct ConsumerRecord {
  /// The topic's name. Owned by the consumer that returned the record, and valid while that consumer lives.
  const std::string* topic = nullptr;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  /// Needs librdkafka 2.1; unset on the embedded broker.
  std::optional<std::int32_t> leader_epoch;
  /// Milliseconds since the epoch.
  Timestamp timestamp = kNoTimestamp;
  /// nullopt is Kafka's null, which differs from empty bytes.
  BytesView key;
  BytesView value;
  Headers headers;
  RecordBuffer buffer;
};

/// Identifies a member of a consumer group, for offsets that are committed in a transaction. Two ways to get one:
/// - Consumer::group_metadata(): the broker checks that the member is still up to date.
/// - from a bare group id, for a program that commits offsets without being a member: the broker checks nothing.
///
/// Immutable. (Kafka: `ConsumerGroupMetadata`.)
class ConsumerGroupMetadata {
 public:
  /// The generation of a consumer that is not a member.
  static constexpr std::int32_t kUnknownGeneration = -1;

  explicit ConsumerGroupMetadata(std::string group_id) : group_id_(std::move(group_id)) {}
  ConsumerGroupMetadata(std::string group_id, std::string member_id, std::int32_t generation_id,
                        std::shared_ptr<const void> native)
      : group_id_(std::move(group_id)),
        member_id_(std::move(member_id)),
        generation_id_(generation_id),
        native_(std::move(native)) {}

  [[nodiscard]] const std::string& group_id() const { return group_id_; }
  /// The id that the coordinator gave to the member. Empty for a bare group id, or for a consumer that is not a member
  /// at present.
  [[nodiscard]] const std::string& member_id() const { return member_id_; }
  /// The latest generation of the group that the member knows. The number grows with each rebalance. kUnknownGeneration
  /// for a bare group id, or for a consumer that is not a member at present.
  [[nodiscard]] std::int32_t generation_id() const { return generation_id_; }
  /// The client library's own representation, or null for a bare group id.
  [[nodiscard]] const void* native() const { return native_.get(); }

 private:
  std::string group_id_;
  std::string member_id_;
  std::int32_t generation_id_ = kUnknownGeneration;
  std::shared_ptr<const void> native_;
};

/// Is told about partitions that the group gives to this consumer or takes away. Only partitions of *subscribed* topics
/// are named. (Kafka: `ConsumerRebalanceListener`.)
///
/// Threads  called on the polling thread, inside poll() and unsubscribe()
/// Errors   an exception of a listener is thrown by the call that runs the listener
class RebalanceListener {
 public:
  virtual ~RebalanceListener() = default;

  /// `partitions` are newly assigned. Returns all partitions that the consumer must start to read: the given ones, and
  /// further ones of topics that are not subscribed to. Reading starts at the committed offset. Without a committed
  /// offset, it starts where auto.offset.reset says.
  virtual std::vector<TopicPartition> on_partitions_assigned(const std::vector<TopicPartition>& partitions) = 0;

  /// `partitions` go to another member after this call returns. The listener can still commit their offsets. Returns
  /// all partitions that the consumer must stop reading.
  virtual std::vector<TopicPartition> on_partitions_revoked(const std::vector<TopicPartition>& partitions) = 0;

  /// Like on_partitions_revoked(), but another member may already own the partitions. The listener must not commit.
  virtual std::vector<TopicPartition> on_partitions_lost(const std::vector<TopicPartition>& partitions) = 0;
};

/// The ends of a partition's log.
struct Watermarks {
  std::int64_t low = 0;
  /// Next offset to be written (exclusive end). For a read_committed consumer, the last stable offset.
  std::int64_t high = 0;
};

/// Reads records. (Kafka: `Consumer`.)
///
/// Threads  one thread at a time, except wakeup()
/// Errors   every call throws BrokerException. Retriable errors are retried inside for the configured time.
///          A call about a partition that is not assigned throws a fatal one. A call that needs a group throws if
///          group.id is missing.
class Consumer {
 public:
  virtual ~Consumer() = default;

  /// Joins the group (`group.id`) and subscribes to these topics. The listener must outlive the subscription. A name
  /// that starts with `^` is a regular expression over all topics. It is matched again when the metadata changes.
  virtual void subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) = 0;

  /// Leaves the group: calls the listener for the assigned partitions, then tells the coordinator. Without a
  /// subscription, ends assign().
  virtual void unsubscribe() = 0;

  /// Reads exactly these partitions without a group, from the given offsets. kOffsetBeginning and kOffsetEnd are
  /// allowed. Replaces an earlier assignment.
  virtual void assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& partitions) = 0;
  static constexpr std::int64_t kOffsetBeginning = -2;
  static constexpr std::int64_t kOffsetEnd = -1;

  /// Appends up to `max_records` records to `records`. Waits up to `timeout` for the first one. Runs the rebalance
  /// listener. Records of one partition come in the order of their offsets. Call poll() at least every
  /// max.poll.interval.ms, or the group removes this consumer. May return early without a record, for example after a
  /// rebalance.
  virtual void poll(std::vector<ConsumerRecord>& records, std::size_t max_records, Millis timeout) = 0;

  /// Makes a poll() in another thread return at once. Without a waiting poll(), the next one returns at once. The only
  /// thread-safe call.
  virtual void wakeup() = 0;

  /// Stop and restart the delivery of partitions that stay assigned. poll() returns no records of a paused partition.
  /// Records that were already fetched are kept for later.
  virtual void pause(const std::vector<TopicPartition>& partitions) = 0;
  virtual void resume(const std::vector<TopicPartition>& partitions) = 0;

  /// Continues at `offset`: poll() returns the record at this offset, or the next one that exists.
  virtual void seek(const TopicPartition& partition, std::int64_t offset) = 0;

  /// Offset of the next record that poll() will return; nullopt if not known yet. Skips transaction markers.
  [[nodiscard]] virtual std::optional<std::int64_t> position(const TopicPartition& partition) = 0;

  /// Number of records between the position and the end of the partition, without a request to the broker. 0: caught up
  /// at the last fetch. nullopt: unknown. Used for max.task.idle.ms. (Kafka: `currentLag`.)
  [[nodiscard]] virtual std::optional<std::int64_t> current_lag(const TopicPartition& partition) = 0;

  /// First and next offset of a partition, asked from the broker.
  [[nodiscard]] virtual Watermarks query_watermarks(const TopicPartition& partition, Millis timeout) = 0;

  /// Offset of the first record whose timestamp is >= `timestamp` (ms since the epoch); nullopt if there is none.
  [[nodiscard]] virtual std::optional<std::int64_t> offset_for_time(const TopicPartition& partition,
                                                                    Timestamp timestamp, Millis timeout) = 0;

  /// The group's committed offsets. Partitions without a committed offset are absent. With
  /// isolation.level=read_committed, the call waits for transactions that are about to commit offsets.
  [[nodiscard]] virtual std::map<TopicPartition, OffsetAndMetadata> committed(
      const std::vector<TopicPartition>& partitions, Millis timeout) = 0;

  /// Commits offsets and waits for the answer. An offset is the one of the next record to read. Throws a fenced
  /// BrokerException if this consumer has lost its membership. Throws a retriable BrokerException if the group
  /// rebalances and this consumer has not taken part yet. The remedy: call poll(), then commit again.
  virtual void commit_sync(const std::map<TopicPartition, OffsetAndMetadata>& offsets) = 0;

  /// This consumer's membership, for Producer::send_offsets_to_transaction(). Ask for it again before each commit,
  /// because it changes with each rebalance.
  [[nodiscard]] virtual ConsumerGroupMetadata group_metadata() const = 0;
};

}  // namespace millrace
