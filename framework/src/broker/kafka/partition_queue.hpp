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

/// What was fetched of one assigned partition, and how far it was read.
///
/// Each partition has its own queue, cut loose from librdkafka's common one. That makes pausing free (nobody reads the
/// queue; librdkafka's own pause throws away what it fetched), lets a slow partition not stand in the way of others,
/// and tells for each partition whether fetched records wait.
///
/// The end of the partition, for lag(). Three sources, none of which is enough alone:
///  - An end-of-partition event says: when the broker answered that fetch, everything readable up to this offset had
///    been read (under read_committed up to the last stable offset). It comes through the queue, behind the records,
///    but only one fetch.wait.max.ms after the last record.
///  - The high watermark that librdkafka keeps from the last fetch answer counts open transactions too. If the
///    position has reached it, there was nothing more. It is set before the answer's records are queued.
///  - The queue: as long as a record is in it, the lag is not 0.
/// So lag() looks into the queue up to the first record, and is 0 only if there is none and then, in this order, the
/// position is that of an end event or not below the watermark.
/// Transaction markers and aborted records: librdkafka moves its own position over a marker when it takes it from the
/// queue, so the position is asked from librdkafka whenever it may be ahead of the last record that we saw.
///
/// librdkafka 2.0.2 looks only once a second whether a queue that was full has room again, unless something wakes the
/// thread that talks to the partition's leader. A fast reader with bounded queues would stand still most of the time,
/// so take() wakes that thread by a small request (nudge) when the queue runs low and nothing new has come.
class PartitionQueue {
 public:
  /// Watermarks and positions of the partition's earlier life are not believed until something was fetched.
  /// `start`: where reading starts, if it is known.
  PartitionQueue(rd_kafka_t* client, const std::string& topic, std::int32_t partition, WakeSignal& signal,
                 std::optional<std::int64_t> start);
  ~PartitionQueue();
  PartitionQueue(const PartitionQueue&) = delete;
  PartitionQueue& operator=(const PartitionQueue&) = delete;

  struct Taken {
    std::size_t records = 0;
    bool moved = false;  ///< the position or the lag may have changed, records or not
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::string error_text;
  };
  /// Appends up to `max` records. Stops behind an error.
  Taken take(std::vector<ConsumerRecord>& records, std::size_t max);

  /// Whether a record or an end event came since the (re)start.
  [[nodiscard]] bool fetched() const { return fetched_; }
  [[nodiscard]] std::optional<std::int64_t> position();
  [[nodiscard]] std::optional<std::int64_t> lag();

  /// True if the queue is empty although the partition is known to hold more.
  [[nodiscard]] bool starved();
  /// Has the thread that fetches this partition look at its queues, at most every few milliseconds.
  void nudge();

  /// What is in the queue is of no use any more: reading goes on at `offset`.
  void restart_at(std::optional<std::int64_t> offset);

  /// `topic-partition`
  [[nodiscard]] std::string name() const { return TopicPartition{topic_, partition_}.str(); }

  bool paused = false;

 private:
  using MessagePtr = std::unique_ptr<rd_kafka_message_t, Destroyer<rd_kafka_message_destroy>>;

  /// Fetched and still in librdkafka's queue; counts things that are no records, too.
  [[nodiscard]] std::size_t waiting() const { return rd_kafka_queue_length(queue_.get()); }
  /// Sorts a message from the queue: a record, an error (into `taken`), or the end of the partition.
  void accept(MessagePtr message, std::vector<ConsumerRecord>& records, Taken& taken);
  void append(MessagePtr message, std::vector<ConsumerRecord>& records);
  /// Takes from the queue until it is empty or `peeked_` holds a record or an error.
  void peek();
  [[nodiscard]] std::optional<std::int64_t> high_watermark() const;

  rd_kafka_t* client_;
  const std::string& topic_;
  std::int32_t partition_;
  QueuePtr queue_;
  std::vector<rd_kafka_message_t*> batch_;
  MessagePtr peeked_;  ///< the first of the queue, if lag() had to look
  std::optional<std::int64_t> position_;
  std::optional<std::int64_t> end_;  ///< offset of the last end-of-partition event
  bool fetched_ = false;             ///< see fetched()
  bool caught_up_ = false;           ///< lag() was 0, and nothing was taken from the queue since
  std::size_t left_behind_ = 0;      ///< queue length after the last take
  std::chrono::steady_clock::time_point last_nudge_;
};

}  // namespace millrace::detail::kafka
