// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "millrace/broker/topic_partition.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/processor/record.hpp"

namespace millrace::detail {

/// An input record.
struct InputRecord {
  TopicPartition partition;
  std::int64_t offset = 0;
};

/// A task cannot go on now: a serde or a function of the user has thrown a RetriableException. No node handles this
/// exception, and no exception handler is asked about it. The text names record, node and task, and contains the text
/// of the user's exception.
class TaskRetry final : public RetriableException {
 public:
  /// What the task was doing. This must succeed before the task goes on.
  enum class Work { record, punctuation, commit, start };
  /// What has happened before the failure.
  enum class Effects {
    none,      ///< nothing: the record is still in its queue, and the same task can try again
    possible,  ///< the record may be half processed: all tasks of the thread must return to their last commit
  };

  TaskRetry(TaskId task, Effects effects, const std::string& what)
      : RetriableException(what), task_(task), effects_(effects) {}

  [[nodiscard]] TaskId task() const { return task_; }
  [[nodiscard]] Effects effects() const { return effects_; }
  [[nodiscard]] Work work() const { return work_; }
  /// The input record that was being processed. Unset if `work` is not `record`.
  [[nodiscard]] const std::optional<InputRecord>& record() const { return record_; }

  /// Sets what the task was doing. The place that knows it catches the exception and rethrows it.
  void during(Work work) { work_ = work; }
  void during(InputRecord record) {
    work_ = Work::record;
    record_ = std::move(record);
  }

 private:
  TaskId task_;
  Effects effects_;
  Work work_ = Work::record;
  std::optional<InputRecord> record_;
};

}  // namespace millrace::detail
