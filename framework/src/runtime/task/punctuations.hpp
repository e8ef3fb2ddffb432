// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/processor/detail/node.hpp"
#include "millrace/processor/punctuator.hpp"
#include "runtime/task/java_priority_queue.hpp"

namespace millrace::detail {

/// The scheduled punctuations of one task, for one kind of time: a task has one object for stream time and one for
/// wall-clock time. Punctuations that are due at the same time run in the order of Java's priority queue. (Kafka
/// Streams: `PunctuationQueue`, `PunctuationSchedule`.)
///
/// A punctuation runs at slots: the times `first + n * interval_ms`. Times are ms since the epoch. Used by the task's
/// thread.
class Punctuations {
 public:
  /// Schedules a callback; `first` is its first slot. A callback that is scheduled by another callback and is already
  /// due runs in the same pass.
  ///
  /// `now`: if given and `first` is before it, the first slot after `now` is used. nullopt: `first` is used as it is.
  ///
  /// Throws TopologyException if the interval is below 1 ms. `node` must outlive the object.
  Cancellable schedule(NodeBase& node, Timestamp first, std::int64_t interval_ms, Punctuator callback,
                       std::optional<Timestamp> now = std::nullopt);

  /// The first slot after `now`, for slots that start at `start`. nullopt: this slot is beyond the largest timestamp.
  /// REQUIRES: 0 <= start <= now.
  [[nodiscard]] static std::optional<Timestamp> next_slot(Timestamp start, std::int64_t interval_ms, Timestamp now);

  /// Runs every callback that is due at `now`, earliest first. Each runs at most once, even if several of its slots
  /// have passed. Its next slot is the first one after `now`. If that slot is beyond the largest timestamp, the
  /// callback is no longer scheduled. Returns whether any callback ran.
  ///
  /// `run` carries out one callback. If it throws, the callback is no longer scheduled.
  ///
  /// If `now` is before the previous pass, somebody has set the clock back. Then the next slots are the first ones
  /// after the new `now`. (Kafka Streams waits until the clock has caught up, which may take hours.)
  bool run_due(Timestamp now, FunctionRef<void(NodeBase&, const Punctuator&)> run);

  /// The earliest time at which a callback is due; nullopt: nothing is scheduled.
  [[nodiscard]] std::optional<Timestamp> next_due() const;

 private:
  /// One scheduled callback.
  struct Schedule {
    NodeBase* node = nullptr;  ///< the node that scheduled it
    Timestamp due = kNoTimestamp;
    std::int64_t interval_ms = 0;
    Punctuator callback;
    std::shared_ptr<bool> cancelled;  ///< shared with the Cancellable that the user holds
    /// The user gave a start time that lies more than one interval ahead. A clock that is set back does not move it.
    bool waits_for_start = false;
  };

  /// Moves due times back to the first slots after `now`.
  void follow_clock_back(Timestamp now);

  /// Contains cancelled schedules until they are due. Java keeps them too, and their place in the heap decides the
  /// order of others.
  JavaPriorityQueue<Schedule, &Schedule::due> schedules_;
  /// `now` of the previous run_due().
  Timestamp last_pass_ = kNoTimestamp;
};

}  // namespace millrace::detail
