#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/thread/producer_output.hpp"
#include "runtime/thread/thread_environment.hpp"
#include "runtime/thread/thread_metrics.hpp"

namespace millrace::detail {

/// The tasks of one stream thread, from when the group gives them until it takes them back. (Kafka Streams:
/// `TaskManager`, `ActiveTaskCreator`.)
///
///     assigned -> open -> positioned, restoring -> running
///
/// assigned    another thread of this process may still have the task's directory
/// open        the stores are there; its committed offsets have to be asked for, which takes as long as a transaction
///             of the previous owner is undecided
/// restoring   the stores read their changelogs; input records wait
class TaskManager {
 public:
  /// `consumer`: the thread's; `plan` is looked at when tasks are added and opened. `patience`: after what time it is
  /// an error that a task cannot be positioned.
  TaskManager(ThreadEnvironment& environment, ThreadMetrics& metrics, Consumer& consumer,
              std::unique_ptr<ChangelogReader> changelogs, AutoOffsetReset default_reset, Millis patience);
  ~TaskManager();

  // --- membership
  /// Returns the partitions to read.
  std::vector<TopicPartition> add(TaskId id, const std::shared_ptr<const TopologyPlan>& plan);
  [[nodiscard]] bool has(TaskId id) const { return tasks_.contains(id); }
  /// Ends a task; what it has not committed is gone. `clean`: everything is committed, so its data are brought to
  /// disk. Returns the partitions that it read.
  std::vector<TopicPartition> remove(TaskId id, bool clean);
  void remove_all(bool clean);
  /// After a failure: all tasks start again from their last commit. Their databases stay open.
  void restart_all();

  // --- rounds
  /// Carries tasks on towards running; `output` is for those that are opened now. `wait`: for changelog records.
  void advance(TaskOutput& output, Millis wait);
  /// Hands out what was polled.
  void dispatch(std::vector<ConsumerRecord>& polled);
  /// Stops reading partitions of which plenty is waiting, and takes it up again.
  void control_flow();

  [[nodiscard]] bool empty() const { return tasks_.empty(); }
  [[nodiscard]] bool all_running() const;
  /// Whether changelogs are being read.
  [[nodiscard]] bool restoring() const { return !changelogs_->idle(); }
  /// The running ones, by id.
  [[nodiscard]] const std::vector<StreamTask*>& running() const { return running_; }

 private:
  struct OwnedTask {
    std::shared_ptr<const TopologyPlan> plan;
    std::vector<TopicPartition> inputs;
    Timestamp assigned_at = 0;
    std::optional<StateDirectory::TaskLock> lock;
    std::unique_ptr<StoreSet> stores;  ///< outlive the task; after a failure the next one gets them
    std::unique_ptr<StreamTask> task;
    std::vector<ConsumerRecord> early;  ///< came before the task was open
    /// Where reading began on partitions that are read from their end: where it begins again after a failure.
    std::map<TopicPartition, std::int64_t> starts;
    bool positioned = false;
    bool reader_is_elsewhere = false;  ///< the consumer has read on: it must go back to the committed offsets
    Millis attempt{0};                 ///< how long positioning may block next time
    std::vector<TopicPartition> paused;
  };

  [[nodiscard]] bool open(TaskId id, OwnedTask& owned, TaskOutput& output);
  /// False: another thread has the directory still.
  [[nodiscard]] bool open_stores_of(TaskId id, OwnedTask& owned);
  [[nodiscard]] bool try_position(OwnedTask& owned);
  void position(OwnedTask& owned, Millis timeout);
  [[nodiscard]] std::optional<std::int64_t> start_without_commit(OwnedTask& owned, const TopicPartition& input,
                                                                 Millis timeout);
  void go_to(OwnedTask& owned, const TopicPartition& input, std::int64_t offset);
  /// Ends the task, but not its stores.
  void end_task(OwnedTask& owned, bool clean);
  void list_running();

  ThreadEnvironment& environment_;
  std::optional<CacheBudget> cache_;  // none: statestore.cache.max.bytes is 0
  ThreadMetrics& metrics_;
  Consumer& consumer_;
  std::unique_ptr<ChangelogReader> changelogs_;
  AutoOffsetReset default_reset_;
  Millis patience_;
  std::size_t buffered_records_;

  std::map<TaskId, OwnedTask> tasks_;
  /// Who reads a partition; the queue is null until the task is open.
  std::map<TopicPartition, std::pair<OwnedTask*, RecordQueues::Queue*>> inputs_;
  std::vector<StreamTask*> running_;
};

}  // namespace millrace::detail
