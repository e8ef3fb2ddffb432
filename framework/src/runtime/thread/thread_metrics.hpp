#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "runtime/task/task_metrics.hpp"

namespace millrace::detail {

/// What one stream thread counts and measures: how it spends its rounds, and the metrics of its tasks. The thread
/// writes, any thread reads. (Kafka Streams: `ThreadMetrics`.)
///
/// Of each round, in this order: begin_round, polled, begin_processing, processed for each slice, end_processing,
/// punctuated, committed if there was a commit. Each of them takes the time since the one before it, so that a round
/// reads the clock a few times, whatever the number of its records.
class ThreadMetrics {
 public:
  /// `client` must outlive it. `name`: the tag thread-id. `state`: how the thread's state is called, from any thread.
  ThreadMetrics(ClientMetrics& client, std::string name, std::function<std::string()> state);

  void begin_round();
  void polled(std::size_t records);
  void begin_processing() { (void)lap(); }
  /// A slice of one task's records.
  void processed(TaskMetrics& task);
  void end_processing();
  /// `tasks`: of how many a punctuation by the wall clock ran.
  void punctuated(std::uint64_t tasks);
  /// `since`: nanos() when the commit began. It may be part of any phase, or of none.
  void committed(std::int64_t since);

  [[nodiscard]] std::int64_t nanos() const { return client_.registry.clock().nanos(); }

  /// Of the thread's task of that id; the same as long as somebody has it.
  [[nodiscard]] std::shared_ptr<TaskMetrics> of_task(TaskId id);
  void task_created() { tasks_created_.add(); }
  void task_closed(TaskMetrics& task);
  /// Where records are counted that are dropped and of which nobody knows the task any more.
  [[nodiscard]] DroppedRecords& dropped_of_no_task();

  /// The thread has ended: its metrics leave the snapshots.
  void close();

 private:
  [[nodiscard]] std::uint64_t lap();
  /// Takes over what the task has processed since the last call; how much that is.
  std::uint64_t count(TaskMetrics& task);

  ClientMetrics& client_;
  const std::string name_;
  std::map<TaskId, std::weak_ptr<TaskMetrics>> tasks_;
  std::optional<DroppedRecords> dropped_of_no_task_;

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
  // Per round.
  Observations poll_records_;
  Observations process_records_;
  std::optional<MetricScope> scope_;
};

}  // namespace millrace::detail
