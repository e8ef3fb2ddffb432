// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "millrace/common/detail/function_ref.hpp"
#include "runtime/task/task_retry.hpp"
#include "runtime/thread/retry_streak.hpp"

namespace millrace::detail {

/// Which tasks of a stream thread try again after a RetriableException, and when. The other tasks go on meanwhile.
///
/// There are two kinds of failures:
/// - Nothing has happened yet (Effects::none): the source could not decode the record, for example. The task waits, and
///   then tries the record again.
/// - The record may be half processed (Effects::possible). All tasks of the thread have returned to their last commit.
///   The task processes the records before this record, and waits. When the pause is over, the thread commits. Then the
///   record is *released*: the thread tries it before all other records. So another failure repeats no other record. If
///   the failure came from a punctuation or from the commit, the record is not known. Then the task waits from its last
///   commit, and the release concerns everything.
///
/// Times are those of Clock::monotonic_ms(). Used by the stream thread only.
class TaskRetries {
 public:
  using Work = TaskRetry::Work;

  explicit TaskRetries(RetrySettings settings) : settings_(std::move(settings)) {}

  /// A task has failed at `now`. Throws StreamsException if it has failed for task.timeout.ms.
  void failed(const TaskRetry& failure, Timestamp now);
  /// The task has succeeded with this kind of work: with the record record_of(), if it is a record. Returns whether its
  /// streak has ended.
  bool worked(TaskId task, Work work, Timestamp now);
  /// The thread does not have these tasks any more.
  void keep_only(FunctionRef<bool(TaskId)> has);

  /// The record that the task tries again. Unset: none, or it is not known.
  [[nodiscard]] std::optional<InputRecord> record_of(TaskId task) const;
  /// Whether no task tries again. Then nothing else need be asked.
  [[nodiscard]] bool empty() const { return retries_.empty(); }

  /// Whether the task may be opened and initialised.
  [[nodiscard]] bool may_start(TaskId task, Timestamp now) const;
  /// Whether the task may process records, but not beyond stop_of().
  [[nodiscard]] bool may_process(TaskId task, Timestamp now) const;
  /// Whether the task may run wall-clock punctuations.
  [[nodiscard]] bool may_punctuate(TaskId task) const;
  /// The task must not process this record or later ones of its partition. Unset: no limit.
  [[nodiscard]] std::optional<InputRecord> stop_of(TaskId task) const;
  /// Whether a record of the task is released: it comes before all other records.
  [[nodiscard]] bool is_first(TaskId task) const;

  /// The task has processed records. Before the release of a failed commit, this has no effect.
  void processed(TaskId task);
  /// Whether the thread should commit now. `stopped`: whether a task has reached stop_of().
  [[nodiscard]] bool wants_commit(Timestamp now, FunctionRef<bool(TaskId)> stopped) const;
  /// The thread has committed all tasks at `now`. Releases one task that is due.
  void committed(Timestamp now, FunctionRef<bool(TaskId)> stopped);

  /// When something is due that no record announces. Unset: never.
  [[nodiscard]] std::optional<Timestamp> next_due(Timestamp now) const;

 private:
  struct Retry {
    RetryStreak streak;
    Work work = Work::record;
    TaskRetry::Effects effects = TaskRetry::Effects::none;
    std::optional<InputRecord> record;  ///< set if `work` is `record`
    bool released = false;
    bool processed = false;  ///< something was processed since the release
  };
  /// Whether the record is known that may be half processed.
  [[nodiscard]] static bool stops(const Retry& retry);
  /// Whether the task waits for a commit and its pause is over.
  [[nodiscard]] static bool can_be_released(const Retry& retry, TaskId task, Timestamp now,
                                            FunctionRef<bool(TaskId)> stopped);

  RetrySettings settings_;
  std::map<TaskId, Retry> retries_;
};

}  // namespace millrace::detail
