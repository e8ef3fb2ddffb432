// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/kafka/rdkafka_handles.hpp"
#include "broker/kafka/wake_signal.hpp"
#include "millrace/broker/consumer.hpp"

namespace millrace::detail::kafka {

/// The fetched records of one assigned partition, and the position up to which they were read.
///
/// Owner: KafkaConsumer. Threads: the polling thread only. librdkafka's threads fill the queue and raise the
/// WakeSignal.
///
/// Each partition has its own queue. The queue is detached from librdkafka's common queue, for three reasons:
/// - Pausing costs nothing: the consumer stops reading the queue. (librdkafka's own pause discards the fetched
///   records.)
/// - A slow partition does not block the others.
/// - The consumer knows for each partition whether fetched records wait.
///
/// How lag() detects the end of the partition. Three sources exist, and none is enough alone:
/// - An end-of-partition event carries an offset. It says: when the broker answered that fetch, the client had read
///   everything readable up to this offset (with read_committed: up to the last stable offset). The event comes through
///   the queue behind the records, but only one fetch.wait.max.ms after the last record.
/// - librdkafka keeps the high watermark of the last fetch answer. The watermark includes open transactions. If the
///   position has reached the watermark, there was nothing more to read. librdkafka sets the watermark before it queues
///   the answer's records.
/// - While the queue holds a record, the lag is not 0.
/// So lag() first looks for a record at the head of the queue. If there is none, the lag is 0 in two cases: the
/// position equals the offset of the last end event, or the position is not below the high watermark.
///
/// Transaction markers and aborted records: librdkafka skips them when it takes messages from its queue, and moves its
/// own position over them. So position() asks librdkafka whenever librdkafka may be ahead of the last record that the
/// reader got.
///
/// Why nudge() exists: when a queue was full, librdkafka 2.0.2 checks only once a second whether the queue has room
/// again, unless something wakes the thread that talks to the partition's leader. A fast reader with bounded queues
/// would be idle most of the time. So take() wakes that thread with a small request when the queue runs low and nothing
/// new has arrived.
class PartitionQueue {
 public:
  /// Detaches the partition's queue from the common queue. Call this before librdkafka starts to fetch the partition.
  /// librdkafka may still have a watermark and a position from an earlier assignment of the same partition. They are
  /// ignored until something was fetched. `start` is the first offset to read, if it is known. `client`, `topic` and
  /// `signal` must outlive the queue.
  PartitionQueue(rd_kafka_t* client, const std::string& topic, std::int32_t partition, WakeSignal& signal,
                 std::optional<std::int64_t> start);
  ~PartitionQueue();
  PartitionQueue(const PartitionQueue&) = delete;
  PartitionQueue& operator=(const PartitionQueue&) = delete;

  /// The result of take().
  struct Taken {
    std::size_t records = 0;
    bool moved = false;  ///< the position or the lag may have changed, even without a record
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::string error_text;
  };
  /// Appends up to `max` records to `records`. Does not wait. An error in the queue is returned in `error`, the first
  /// one only.
  Taken take(std::vector<ConsumerRecord>& records, std::size_t max);

  /// Reports that librdkafka has reset the offset, because offset `from` does not exist. The next record or end event
  /// shows the new offset. The queue then logs a warning with both offsets.
  void was_reset(std::int64_t from) { reset_from_ = from; }

  /// True if a record or an end event has arrived since the start or the last restart_at().
  [[nodiscard]] bool fetched() const { return fetched_; }
  /// Offset of the next record that take() will return; nullopt if it is not known yet.
  [[nodiscard]] std::optional<std::int64_t> position();
  /// Number of records between the position and the end; 0 means caught up; nullopt if nothing was fetched yet. An
  /// upper bound: transaction markers and aborted records count too.
  [[nodiscard]] std::optional<std::int64_t> lag();

  /// True if the queue is empty although the broker is known to have more records.
  [[nodiscard]] bool starved();
  /// Wakes the thread that fetches this partition, at most every 5 ms. That thread then checks whether its queues have
  /// room.
  void nudge();

  /// Continues at `offset` after a seek. librdkafka has emptied its queue. This call forgets the peeked message and all
  /// that is known about the old position.
  void restart_at(std::optional<std::int64_t> offset);

  /// The partition as `topic-partition`, for messages.
  [[nodiscard]] std::string name() const { return TopicPartition{topic_, partition_}.str(); }

  /// Set by the consumer. A paused queue is not read; librdkafka fills it up to its limits.
  bool paused = false;

 private:
  using MessagePtr = std::unique_ptr<rd_kafka_message_t, Destroyer<rd_kafka_message_destroy>>;

  /// Number of messages in librdkafka's queue. Events (end of partition, errors) count too.
  [[nodiscard]] std::size_t waiting() const { return rd_kafka_queue_length(queue_.get()); }
  /// Called when a record or an end event with this offset has arrived.
  void arrived(std::int64_t offset);
  /// Handles one message from the queue: appends a record, stores an error in `taken`, or notes the end of the
  /// partition.
  void accept(MessagePtr message, std::vector<ConsumerRecord>& records, Taken& taken);
  /// Appends a record whose key and value point into the message. The record becomes the owner of the message.
  void append(MessagePtr message, std::vector<ConsumerRecord>& records);
  /// Takes messages from the queue until the queue is empty or `peeked_` holds a record or an error.
  void peek();
  /// The high watermark of the last fetch answer, exclusive; nullopt before the first answer. Asks no broker.
  [[nodiscard]] std::optional<std::int64_t> high_watermark() const;

  rd_kafka_t* client_;
  const std::string& topic_;  // owned by the consumer
  std::int32_t partition_;
  QueuePtr queue_;
  std::vector<rd_kafka_message_t*> batch_;  ///< reused by take(), to avoid an allocation per call
  MessagePtr peeked_;  ///< the message that lag() took from the head of the queue, not yet returned by take()
  std::optional<std::int64_t> position_;
  std::optional<std::int64_t> end_;         ///< offset of the last end-of-partition event
  bool fetched_ = false;                    ///< see fetched()
  std::optional<std::int64_t> reset_from_;  ///< see was_reset()
  bool caught_up_ = false;                  ///< lag() returned 0, and nothing has been taken from the queue since then
  std::size_t left_behind_ = 0;             ///< length of the queue after the last take()
  std::chrono::steady_clock::time_point last_nudge_;
};

}  // namespace millrace::detail::kafka
