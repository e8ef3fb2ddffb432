// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "runtime/task/task_metrics.hpp"

namespace millrace::detail {

/// The counters and measurements of one stream thread: how it spends its time, and the metrics of its tasks. (Kafka
/// Streams: `ThreadMetrics`.)
///
/// Calls in each round, in this order: begin_round, polled, begin_processing, processed for each slice, end_processing,
/// punctuated, and committed if there was a commit. Each call takes the time since the call before it. So the number of
/// clock reads depends on the number of slices and not of records.
///
/// Threads: the stream thread writes, any thread reads.
class ThreadMetrics {
 public:
  /// `client` must outlive the object. `name`: the value of the tag thread-id. `state`: returns the name of the
  /// thread's state; any thread may call it.
  ThreadMetrics(ClientMetrics& client, std::string name, std::function<std::string()> state);

  /// The time since the previous begin_round() is the round's. Ratios such as poll-ratio refer to it.
  void begin_round();
  /// A poll has returned so many records.
  void polled(std::size_t records);
  /// The time between the poll and this call belongs to no phase.
  void begin_processing() { (void)lap(); }
  /// A slice of one task's records was processed.
  void processed(TaskMetrics& task);
  /// Also called for a round without records.
  void end_processing();
  /// `tasks`: the number of tasks in which a wall-clock punctuation ran.
  void punctuated(std::uint64_t tasks);
  /// `since`: nanos() when the commit began. A commit may happen inside another phase, for example inside a poll that
  /// runs the rebalance listener.
  void committed(std::int64_t since);

  /// Nanoseconds of a monotonic clock.
  [[nodiscard]] std::int64_t nanos() const { return client_.registry.clock().nanos(); }

  /// The metrics of a task. The same object is returned while somebody holds it.
  [[nodiscard]] std::shared_ptr<TaskMetrics> of_task(TaskId id);
  void task_created() { tasks_created_.add(); }
  /// Counts what the task has processed since the last slice.
  void task_closed(TaskMetrics& task);
  /// Counts dropped records whose task is not known any more, such as dead letters that the broker refuses.
  [[nodiscard]] DroppedRecords& dropped_of_no_task();

  /// The thread has ended. Its metrics are removed from the registry.
  void close();

 private:
  /// Nanoseconds since the last call.
  [[nodiscard]] std::uint64_t lap();
  /// Adds the records that the task has processed since the last call to the totals. Returns their number.
  std::uint64_t count(TaskMetrics& task);

  ClientMetrics& client_;
  const std::string name_;
  /// Weak: the metrics of a task that has moved away must disappear.
  std::map<TaskId, std::weak_ptr<TaskMetrics>> tasks_;
  std::optional<DroppedRecords> dropped_of_no_task_;

  // Nanoseconds.
  std::int64_t last_lap_;
  std::int64_t round_began_;
  std::uint64_t round_records_ = 0;
  std::uint64_t round_process_ns_ = 0;

  Counter round_ns_;  ///< all of the thread's time
  Counter poll_ns_;
  Counter process_ns_;
  Counter punctuate_ns_;
  Counter commit_ns_;
  Counter polls_;
  Counter processed_;
  Counter punctuated_;
  Counter commits_;
  Counter tasks_created_;
  Counter tasks_closed_;
  // In ms.
  Observations poll_latency_;
  Observations process_latency_;
  Observations punctuate_latency_;
  Observations commit_latency_;
  // Records per round.
  Observations poll_records_;
  Observations process_records_;
  /// The last member, so it is destroyed before the counters that it shows.
  std::optional<MetricScope> scope_;
};

}  // namespace millrace::detail
