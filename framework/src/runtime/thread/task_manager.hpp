// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/task/input_offsets.hpp"
#include "runtime/thread/ownership.hpp"
#include "runtime/thread/producer_output.hpp"
#include "runtime/thread/thread_environment.hpp"
#include "runtime/thread/thread_metrics.hpp"

namespace millrace::detail {

/// The tasks of one stream thread, from their assignment to their revocation. (Kafka Streams: `TaskManager`,
/// `ActiveTaskCreator`.)
///
///     assigned -> open -> positioned, restoring -> running
///                 |  ^
///                 v  |
///               claiming
///
/// assigned    Another thread of this process may still hold the task's directory.
/// open        The stores are open. The committed offsets must be read next. The broker's answer may wait until a
///             transaction of the previous owner has ended. The task stays here while Ownership makes it wait.
/// claiming    The next commit writes the task's claim into the committed offsets of its inputs. Then the task is open
///             again and reads the offsets once more (docs/group-protocol.md).
/// restoring   The stores read their changelogs. Input records wait in the queues.
/// running     The task processes records.
///
/// A task passes through these steps in the rounds of the thread, so the running tasks go on meanwhile.
///
/// Used by the stream thread only.
class TaskManager {
 public:
  /// `consumer`: the thread's main consumer; must live until the next use(). `ownership`: what the thread knows about
  /// its group. `environment`, `metrics` and `ownership` must outlive the object. `default_reset`: for sources without
  /// a reset policy of their own. `patience`: if a task has no position after this time, that is an error. Time in
  /// which the task waits for other members does not count.
  TaskManager(ThreadEnvironment& environment, ThreadMetrics& metrics, Consumer& consumer, const Ownership& ownership,
              std::unique_ptr<ChangelogReader> changelogs, AutoOffsetReset default_reset, Millis patience);
  /// Closes all tasks without a commit.
  ~TaskManager();

  /// The thread has another consumer. REQUIRES: there are no tasks.
  void use(Consumer& consumer) { consumer_ = &consumer; }

  /// Adds a task that the group has assigned. Returns the partitions that the consumer must read for it. A task that is
  /// already here stays as it is.
  std::vector<TopicPartition> add(TaskId id, const std::shared_ptr<const TopologyPlan>& plan);
  [[nodiscard]] bool has(TaskId id) const { return tasks_.contains(id); }
  /// Closes a task. Uncommitted work is lost. `clean`: everything is committed, so the data are also flushed to disk,
  /// and the next start need not restore them. Returns the partitions that the task read. Does not throw if closing
  /// fails.
  std::vector<TopicPartition> remove(TaskId id, bool clean);
  void remove_all(bool clean);
  /// After a failure: all tasks start again from their last commit. Their databases stay open. Exception: a database
  /// that was reported to damaged() is closed and deleted.
  void restart_all();
  /// Whether tasks that are made from now on measure their nodes, see StreamTask::node_timer().
  void measure_nodes(bool measure) { measure_nodes_ = measure; }
  /// Reports that the database in `directory` is damaged. The directory is deleted when its task ends or starts again.
  /// Returns false if no task of this thread has the directory.
  bool damaged(const std::filesystem::path& directory);

  /// Moves each task on towards `running`. `output`: for tasks that are opened now; they keep a reference to it.
  /// `wait`: how long to wait for changelog records. `may_start`: tasks for which it returns false stay as they are.
  /// Throws BrokerException if a task has no position in time, and TaskRetry if a task cannot start now.
  void advance(
      TaskOutput& output, Millis wait, FunctionRef<bool(TaskId)> may_start = [](TaskId) { return true; });
  /// Puts polled records into the queues of their tasks. Empties the vector.
  void dispatch(std::vector<ConsumerRecord>& polled);
  /// Pauses partitions with more than buffered.records.per.partition records in their queue, and resumes the others.
  void control_flow();

  // --- claims
  /// The offsets of all tasks in the step `claiming`, with their claims, for the next commit. Drops the claims that
  /// were prepared in an earlier generation of the group. Their tasks read the committed offsets again.
  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> claims();
  /// Whether any task is in the step `claiming`.
  [[nodiscard]] bool claiming() const;
  /// To be called before the claims are committed, if the commit may arrive in a generation that was not checked. From
  /// now until claimed(), the tasks do not rely on their claims, even if the committed offsets contain them.
  void claims_doubtful();
  /// The claims were committed in the generation in which they were prepared.
  void claimed();
  /// These offsets were committed. They may include claims.
  void committed(const std::map<TopicPartition, OffsetAndMetadata>& offsets);
  /// Asks the broker whether the committed offsets of all tasks are still those of their own last commit. A member that
  /// does not follow the protocol may have joined, committed and left while this thread was busy. Throws
  /// BrokerException.
  [[nodiscard]] bool untouched(Millis timeout);
  /// The tasks that wait for other members, as text: `task 0_1 (in-1)`.
  [[nodiscard]] std::vector<std::string> waiting() const;

  [[nodiscard]] bool empty() const { return tasks_.empty(); }
  [[nodiscard]] bool all_running() const;
  /// Whether changelogs are being read.
  [[nodiscard]] bool restoring() const { return !changelogs_->idle(); }
  /// The running task; null: it is not running here.
  [[nodiscard]] StreamTask* running(TaskId id) const;
  /// The running tasks, sorted by id. Valid until the next change.
  [[nodiscard]] const std::vector<StreamTask*>& running() const { return running_; }

 private:
  /// A task and what belongs to it. `stores` is declared before `task`, so the task is destroyed first.
  /// The committed offsets that a task found when it made its claim. The claim with this id repeats them.
  struct ClaimedFrom {
    std::int64_t claim_id = 0;
    std::map<TopicPartition, OffsetAndMetadata> committed;
  };
  struct OwnedTask {
    std::shared_ptr<const TopologyPlan> plan;  ///< the plan when the task was added
    std::vector<TopicPartition> inputs;
    Timestamp assigned_at = 0;                     ///< or restarted at; Clock::monotonic_ms()
    std::optional<StateDirectory::TaskLock> lock;  ///< unset: not locked yet, or no store is on disk
    std::unique_ptr<StoreSet> stores;              ///< reused by the next task after a restart
    std::unique_ptr<StreamTask> task;              ///< null until the task is open
    std::vector<ConsumerRecord> early;             ///< records that came before the task was open
    /// The offsets from which the task continues, and the offsets that the group had at that time.
    InputOffsets start;
    /// For partitions without a committed offset that are read from their end or from a time: the offset where reading
    /// began. After a failure it begins there again.
    std::map<TopicPartition, std::int64_t> starts;
    std::map<TopicPartition, std::int64_t> committed;  ///< the last known committed offsets
    /// Inputs whose topic was deleted and created again, with the offset in the old topic. Not claimed again yet.
    std::map<TopicPartition, OffsetAndMetadata> made_anew;
    std::set<TopicPartition> moved_back;                 ///< inputs whose offsets have gone back
    std::optional<std::int64_t> claim_id;                ///< of the claim under which the task runs
    std::map<TopicPartition, OffsetAndMetadata> claims;  ///< must be committed before the task may continue
    std::uint64_t claims_epoch = 0;                      ///< Ownership::epoch() when `claims` were prepared
    std::optional<ClaimedFrom> claimed_from;             ///< of the last claim that this task made
    bool damaged = false;                                ///< see damaged()
    bool claim_doubtful = false;                         ///< see claims_doubtful()
    bool waits = false;                                  ///< for other members, or for a description of the group
    std::uint64_t seen_descriptions = 0;                 ///< Ownership::descriptions() at the last attempt to position
    /// The consumer is at the right offsets, and the restore has begun.
    bool positioned = false;
    /// The consumer has read beyond the committed offsets and must go back to them.
    bool reader_is_elsewhere = false;
    Millis attempt{0};                   ///< how long the next attempt to get a position may block
    std::vector<TopicPartition> paused;  ///< sorted
  };

  /// Makes the task object. Returns false if its directory is not free yet.
  [[nodiscard]] bool open(TaskId id, OwnedTask& owned, TaskOutput& output);
  /// Locks the directory and opens the stores. Returns false if another thread still holds the directory.
  [[nodiscard]] bool open_stores_of(TaskId id, OwnedTask& owned);
  /// Returns whether the task has its position now. Throws BrokerException after too many failures.
  [[nodiscard]] bool try_position(TaskId id, OwnedTask& owned);
  /// Reads the committed offsets, asks Ownership whether the task may run, moves the consumer if necessary, and begins
  /// the restore. Each request may take `timeout`. Returns false if the task waits for other members, or if its claim
  /// must be committed first.
  [[nodiscard]] bool position(TaskId id, OwnedTask& owned, Millis timeout);
  /// How the local state relates to the offsets of the start.
  [[nodiscard]] static LocalState local_state_of(const OwnedTask& owned);
  /// The stores whose changelog had records when the offsets of the start were committed.
  [[nodiscard]] static std::set<std::string> logged_stores(const OwnedTask& owned);
  /// What the logs say about a task.
  struct Proofs {
    std::set<TopicPartition> refuted_inputs;  ///< their committed offset belongs to a topic that was deleted
    std::set<TopicPartition> refuted_logs;    ///< the position of a store belongs to a topic that was deleted
    std::map<TopicPartition, Verdict> lost;   ///< of inputs whose committed offset is lost, see lost_offsets()
  };
  /// Compares the proofs of the committed offsets and of the stores' positions with the logs.
  [[nodiscard]] Proofs check_proofs_of(const OwnedTask& owned,
                                       const std::map<TopicPartition, OffsetAndMetadata>& committed, Millis timeout);
  /// Looks for inputs that the stores include, although the group has no committed offset. Throws TaskFailure unless
  /// their topic was deleted and created again.
  void look_for_lost_offsets(OwnedTask& owned, const std::map<TopicPartition, OffsetAndMetadata>& committed,
                             const Proofs& proofs);
  /// Notes that the topic of an input was deleted and created again. `before`: the offset in the old topic.
  static void note_made_anew(OwnedTask& owned, const TopicPartition& input, const OffsetAndMetadata& before);
  /// Adds a record to its queue. Throws a retriable BrokerException if the offsets have gone back. Then the task starts
  /// again, and compares its proofs.
  static void receive(OwnedTask& owned, RecordQueues::Queue& queue, ConsumerRecord&& record);
  [[noreturn]] static void went_back(OwnedTask& owned, const RecordQueues::Queue& queue, std::int64_t offset);
  /// Whether the committed offsets of all inputs carry the task's claim, with the same id.
  [[nodiscard]] static bool has_claims(TaskId id, const OwnedTask& owned,
                                       const std::map<TopicPartition, OffsetAndMetadata>& committed);
  void claim(TaskId id, OwnedTask& owned, const std::map<TopicPartition, OffsetAndMetadata>& committed, Millis timeout);
  /// Logs a warning. `before`: the offset in the old topic. `start`: where reading begins in the new topic.
  void tell_made_anew(const TopicPartition& input, std::int64_t before, std::int64_t start) const;
  [[nodiscard]] bool finds_start(OwnedTask& owned, const std::map<TopicPartition, OffsetAndMetadata>& committed) const;
  /// Where a partition without a committed offset is read from. nullopt: the consumer starts there by itself.
  [[nodiscard]] std::optional<std::int64_t> start_without_commit(OwnedTask& owned, const TopicPartition& input,
                                                                 Millis timeout);
  /// Moves the consumer, and drops records that were read from elsewhere.
  void go_to(OwnedTask& owned, const TopicPartition& input, std::int64_t offset);
  /// Closes the stores of the task and deletes its directory. Throws ProcessorStateException.
  void delete_state(TaskId id, OwnedTask& owned);
  /// Closes the task. Its stores stay open.
  void end_task(OwnedTask& owned, bool clean);
  /// Updates running_.
  void list_running();

  ThreadEnvironment& environment_;
  /// The memory of all caches of the thread. Unset: statestore.cache.max.bytes is 0. Destroyed after the tasks, which
  /// use it.
  std::optional<CacheBudget> cache_;
  ThreadMetrics& metrics_;
  Consumer* consumer_;
  const Ownership& ownership_;
  std::unique_ptr<ChangelogReader> changelogs_;
  AutoOffsetReset default_reset_;
  Millis patience_;
  const bool exactly_once_;
  /// buffered.records.per.partition.
  std::size_t buffered_records_;
  bool measure_nodes_ = false;

  /// A std::map, because inputs_ points to its elements.
  std::map<TaskId, OwnedTask> tasks_;
  /// Which task and queue get the records of a partition. The queue is null until the task is open.
  std::map<TopicPartition, std::pair<OwnedTask*, RecordQueues::Queue*>> inputs_;
  std::vector<StreamTask*> running_;
};

}  // namespace millrace::detail
