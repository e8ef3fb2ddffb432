#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metrics/recorders.hpp"
#include "millrace/broker/consumer.hpp"
#include "millrace/common/detail/function_ref.hpp"
#include "millrace/processor/detail/source_sink.hpp"
#include "runtime/task/java_priority_queue.hpp"

namespace millrace::detail {

/// The records that one task has been given and not processed yet: a FIFO per input partition. The next record is the
/// one with the lowest timestamp among the heads; among equal ones the order is that of Kafka Streams' binary heap, so
/// that a TopologyTestDriver answers record for record as Java's does. (Kafka Streams: `PartitionGroup` with its
/// `RecordQueue`s.)
class RecordQueues {
 public:
  struct Queue {
    TopicPartition partition;
    SourceNodeBase* source = nullptr;
    TopicTotals* consumed = nullptr;  ///< counts its records; set by whoever takes them
    Counter* source_calls = nullptr;  ///< likewise
    std::deque<ConsumerRecord> records;
    std::optional<Timestamp> head_timestamp;  ///< of the first record, once extracted
    Timestamp partition_time = kNoTimestamp;  ///< largest timestamp taken up
    std::optional<Timestamp> idle_deadline;   ///< in the time of ready(); set while empty and caught up
    bool caught_up = false;                   ///< was found so in this round
    bool consumed_since_commit = false;

   private:
    friend class RecordQueues;
    std::uint64_t arrival = 0;  ///< orders the queues that became non-empty since the last record was taken
    bool waiting = false;       ///< is in the heap
  };

  Queue& add(TopicPartition partition, SourceNodeBase& source);
  [[nodiscard]] Queue* find(const TopicPartition& partition);
  [[nodiscard]] std::vector<std::unique_ptr<Queue>>& queues() { return queues_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Queue>>& queues() const { return queues_; }

  /// Puts a record at the end of a queue.
  void push(Queue& queue, ConsumerRecord&& record) {
    if (queue.records.empty()) queue.arrival = ++arrivals_;
    queue.records.push_back(std::move(record));
  }

  /// Says how far a partition's reader is behind its end (0: caught up, nullopt: unknown).
  using Lag = FunctionRef<std::optional<std::int64_t>(const TopicPartition&)>;

  /// Counts, from now on, each time that a record may be processed though an empty queue was waited for in vain.
  void count_enforced(Counter& counter) { enforced_ = &counter; }

  /// A new round: what came in between may have changed who is caught up.
  void begin_round();

  /// Whether a record may be processed now: every empty queue is known to be caught up, and has been so for
  /// `max_idle_ms`; -1: as soon as there is any record. (max.task.idle.ms) `now`: Clock::monotonic_ms(), so that a
  /// wall clock that is set back holds no record up. A partition that was found caught up is believed to be so until
  /// the next round, since nothing is fetched into the queues before.
  [[nodiscard]] bool ready(Timestamp now, std::int64_t max_idle_ms, Lag lag);

  /// The queue whose head is next, for the caller to take; nullptr if all are empty. `extract` gives a head's
  /// timestamp, or nullopt to drop it.
  [[nodiscard]] Queue* next(FunctionRef<std::optional<Timestamp>(Queue&, const ConsumerRecord&)> extract);

  /// Records waiting in all queues.
  [[nodiscard]] std::size_t size() const;

 private:
  using Extract = FunctionRef<std::optional<Timestamp>(Queue&, const ConsumerRecord&)>;

  /// A queue with the timestamp that its head had when it was put here.
  struct Waiting {
    Timestamp timestamp = kNoTimestamp;
    Queue* queue = nullptr;
  };

  /// Whether the queue has a head, whose timestamp is then known.
  static bool prepare_head(Queue& queue, Extract extract);
  void offer_new_ones(Extract extract);

  std::vector<std::unique_ptr<Queue>> queues_;
  JavaPriorityQueue<Waiting, &Waiting::timestamp> heap_;
  std::vector<Queue*> offered_;  ///< scratch of offer_new_ones
  std::uint64_t arrivals_ = 0;
  Counter* enforced_ = nullptr;
};

}  // namespace millrace::detail
