// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/log_proof.hpp"
#include "metrics/recorders.hpp"
#include "millrace/broker/consumer.hpp"
#include "millrace/common/detail/function_ref.hpp"
#include "millrace/processor/detail/source_sink.hpp"
#include "runtime/task/java_priority_queue.hpp"

namespace millrace::detail {

/// The records that one task has received and not processed yet: one FIFO queue per input partition. The next record is
/// the one with the lowest timestamp among the heads of the queues. Among equal timestamps, the order is that of Kafka
/// Streams' binary heap. So a TopologyTestDriver gives the same output as Java's. (Kafka Streams: `PartitionGroup` with
/// its `RecordQueue`s.)
///
/// Used by the task's thread.
class RecordQueues {
 public:
  /// One input partition. Lives as long as the RecordQueues, at a fixed address.
  struct Queue {
    TopicPartition partition;
    SourceNodeBase* source = nullptr;  ///< the node that decodes the records
    TopicTotals* consumed = nullptr;   ///< counts the records of the topic; set by the task
    Counter* source_calls = nullptr;   ///< counts the calls of the source node; set by the task
    std::deque<ConsumerRecord> records;
    std::optional<Timestamp> head_timestamp;  ///< of the first record; unset until it was extracted
    Timestamp partition_time = kNoTimestamp;  ///< largest timestamp of processed records
    /// Until when other queues wait for this one, in the time of ready(). Set while the queue is empty and caught up.
    std::optional<Timestamp> idle_deadline;
    /// In this round, the reader was found to be at the end of the partition.
    bool caught_up = false;
    /// The offset to commit has changed.
    bool consumed_since_commit = false;
    /// The smallest offset that the next record may have. A record with a smaller one belongs to another log.
    std::int64_t next_offset = 0;
    /// The offset behind the last record that was processed or dropped; 0: none yet.
    std::int64_t done_until = 0;

    /// Takes the first record out of `records`. The result is valid until the next call of take() or proof().
    [[nodiscard]] ConsumerRecord& take() {
      ConsumerRecord& taken = slots_[1 - last_];
      taken = std::move(records.front());
      records.pop_front();
      return taken;
    }
    /// Puts the taken record back to the front.
    void put_back() { records.push_front(std::move(slots_[1 - last_])); }
    /// The taken record is processed. It is the one that proof() is about.
    void processed() { last_ = 1 - last_; }
    /// Of the last processed record; nullopt: no record was processed yet. Not while a record is being processed.
    [[nodiscard]] const std::optional<LogProof>& proof();
    /// The proof that was committed with the partition.
    void resume(const std::optional<LogProof>& committed) { proof_ = committed; }

   private:
    friend class RecordQueues;
    /// The order in which queues became non-empty. New heads enter the heap in this order, as in Kafka Streams.
    std::uint64_t arrival = 0;
    bool waiting = false;  ///< the queue is in the heap
    std::optional<LogProof> proof_;
    // Two records, so that none is moved or copied when it is processed: the last processed one since proof() was last
    // called (its topic is null if there is none), and the one that was taken.
    std::array<ConsumerRecord, 2> slots_;
    unsigned last_ = 0;  ///< which of slots_ is the last processed one
  };

  /// Adds an empty queue. `source` must outlive it.
  Queue& add(TopicPartition partition, SourceNodeBase& source);
  /// Null if there is no such queue.
  [[nodiscard]] Queue* find(const TopicPartition& partition);
  [[nodiscard]] std::vector<std::unique_ptr<Queue>>& queues() { return queues_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Queue>>& queues() const { return queues_; }

  /// Appends a record. Records of a partition must come in the order of their offsets.
  void push(Queue& queue, ConsumerRecord&& record) {
    if (queue.records.empty()) queue.arrival = ++arrivals_;
    queue.records.push_back(std::move(record));
  }

  /// Returns how many records a partition's reader is behind the end. 0: caught up. nullopt: unknown. It needs no
  /// request to the broker.
  using Lag = FunctionRef<std::optional<std::int64_t>(const TopicPartition&)>;

  /// From now on, `counter` counts the records that are processed although an empty queue was waited for
  /// (max.task.idle.ms). (Kafka Streams: `enforced-processing`.)
  void count_enforced(Counter& counter) { enforced_ = &counter; }

  /// A new round begins: records may have been appended to partitions meanwhile, so no queue counts as caught up any
  /// more.
  void begin_round();

  /// Whether a record may be processed now (max.task.idle.ms). That is so if at least one queue has a record, and every
  /// empty queue is caught up and has been so for `max_idle_ms`. -1: one record is enough.
  ///
  /// `now`: Clock::monotonic_ms(), so that a wall clock that is set back delays nothing. A queue that was found caught
  /// up is not asked again in the same round: nothing is fetched into the queues before the next round.
  [[nodiscard]] bool ready(Timestamp now, std::int64_t max_idle_ms, Lag lag);

  /// The queue whose head is the next record; nullptr if all queues are empty. The caller takes the record out and
  /// resets head_timestamp. `extract` returns the timestamp of a head, or nullopt to drop that record.
  [[nodiscard]] Queue* next(FunctionRef<std::optional<Timestamp>(Queue&, const ConsumerRecord&)> extract);

  /// The number of records in all queues.
  [[nodiscard]] std::size_t size() const;

 private:
  using Extract = FunctionRef<std::optional<Timestamp>(Queue&, const ConsumerRecord&)>;

  /// An entry of the heap: a queue, with the timestamp that its head had when the entry was made.
  struct Waiting {
    Timestamp timestamp = kNoTimestamp;
    Queue* queue = nullptr;
  };

  /// Extracts the head's timestamp if that was not done yet, and drops heads without one. Returns whether the queue has
  /// a head.
  static bool prepare_head(Queue& queue, Extract extract);
  /// Puts the queues that are not empty and not in the heap into the heap.
  void offer_new_ones(Extract extract);

  std::vector<std::unique_ptr<Queue>> queues_;
  JavaPriorityQueue<Waiting, &Waiting::timestamp> heap_;
  /// Used only inside offer_new_ones(). A member, so that its memory is reused.
  std::vector<Queue*> offered_;
  /// The last number that was given to Queue::arrival.
  std::uint64_t arrivals_ = 0;
  /// Null: not counted.
  Counter* enforced_ = nullptr;
};

}  // namespace millrace::detail
