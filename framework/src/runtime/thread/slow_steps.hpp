// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "millrace/common/time.hpp"
#include "millrace/processor/detail/node_timer.hpp"
#include "millrace/processor/record.hpp"

namespace millrace::detail {

class TopologyPlan;

/// Notices steps of a task that take longer than the broker waits: longer than transaction.timeout.ms or
/// max.poll.interval.ms. No commit can succeed after such a step, and the broker's answer does not name the cause. The
/// first time, the thread tries again, and measures its nodes. The second time, it gives up and names the node. (Kafka
/// Streams has no counterpart: it tries without end.)
///
/// A step is one record, all wall-clock punctuations of one task that were due together, or all that one task does
/// right before a commit.
///
/// Times are those of Clock::monotonic_ms(). Used by the stream thread only.
class SlowSteps {
 public:
  enum class Kind { record, punctuation, before_commit };

  struct Step {
    TaskId task;
    Kind kind = Kind::record;
    Millis took{0};
    /// The slowest node within the step. Unset: the task does not measure its nodes.
    std::optional<NodeTimer::Slowest> node;
  };

  /// A step that took longer than a limit.
  struct Excess {
    Step step;
    std::string_view setting;  ///< of the limit
    Millis limit{0};
    bool again = false;  ///< it is the second one, without work_committed() in between
  };

  /// `transaction_timeout`: transaction.timeout.ms; unset: at least once. `max_poll_interval`: max.poll.interval.ms.
  SlowSteps(std::optional<Millis> transaction_timeout, Millis max_poll_interval)
      : transaction_timeout_(transaction_timeout), max_poll_interval_(max_poll_interval) {}

  /// A step of this task took so long. `timer`: of the task, see StreamTask::node_timer().
  void took(TaskId task, Kind kind, Millis took, const NodeTimer* timer);
  /// The slowest step since the last commit or restart.
  [[nodiscard]] const std::optional<Step>& slowest() const { return slowest_; }

  /// The group has given the partitions of this member to others. Returns whether a step that was too long is the
  /// reason.
  bool lost_partitions();
  /// The tasks have failed at `now`. `transaction_since`: when the open transaction began. Returns the step that is the
  /// reason, if there is one.
  [[nodiscard]] std::optional<Excess> failed(std::optional<Timestamp> transaction_since, Timestamp now);

  /// A commit succeeded.
  void committed() { slowest_.reset(); }
  /// A commit succeeded that was not empty.
  void work_committed() { excesses_ = 0; }
  /// All tasks start again from their last commit.
  void restarted();
  /// Whether tasks that start now shall measure their nodes.
  [[nodiscard]] bool measuring() const { return excesses_ > 0; }

 private:
  std::optional<Millis> transaction_timeout_;
  Millis max_poll_interval_;
  std::optional<Step> slowest_;
  bool lost_ = false;  ///< see lost_partitions()
  /// How often failed() found a step since the last commit of work.
  int excesses_ = 0;
};

/// Notes how long a step takes: from the construction of this object to its end, also if an exception ends the step.
class MeasuredStep {
 public:
  /// `timer`: as for SlowSteps::took(). `steps`, `clock` and `timer` must outlive the object.
  MeasuredStep(SlowSteps& steps, const Clock& clock, TaskId task, SlowSteps::Kind kind, NodeTimer* timer)
      : steps_(steps), clock_(clock), task_(task), kind_(kind), timer_(timer), begin_(clock.monotonic_ms()) {
    if (timer != nullptr) timer->reset();
  }
  ~MeasuredStep() { steps_.took(task_, kind_, Millis(clock_.monotonic_ms() - begin_), timer_); }
  MeasuredStep(const MeasuredStep&) = delete;
  MeasuredStep& operator=(const MeasuredStep&) = delete;

 private:
  SlowSteps& steps_;
  const Clock& clock_;
  TaskId task_;
  SlowSteps::Kind kind_;
  NodeTimer* timer_;
  Timestamp begin_;
};

/// The message for the user: the task, the step, the node, the limit and the remedy. `plan`: of the task.
[[nodiscard]] std::string describe(const SlowSteps::Excess& excess, const TopologyPlan& plan);

}  // namespace millrace::detail
