// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "millrace/processor/detail/task_context.hpp"

namespace millrace::detail {

/// The progress of EmitStrategy::on_window_close: up to which close time results were emitted. Close time is stream
/// time minus grace, in ms.
///
/// The time is committed together with the offsets, as in Kafka Streams. So a restart neither repeats nor loses
/// results. This class also throttles the search for closed windows. Used by the task's thread.
class WindowClose {
 public:
  /// `store`: the aggregation's store. The time is committed under its name.
  void init(TaskContext& task, const NodeBase& node, const std::string& store);

  /// Windows that were closed at this time have been emitted. kNoTimestamp: none yet.
  [[nodiscard]] Timestamp emitted_until() const { return emitted_until_; }

  /// True if a window can have closed since the last emission. Called after each record.
  [[nodiscard]] bool progressed(Timestamp close_time) const { return emitted_until_ < close_time; }

  /// As progressed(), but true at most once per emit interval (TaskContext::emit_interval_ms()).
  [[nodiscard]] bool due(Timestamp close_time);

  /// All windows closed at `close_time` have been emitted.
  void emitted(Timestamp close_time) { emitted_until_ = close_time; }

 private:
  TaskContext* task_ = nullptr;
  Timestamp emitted_until_ = kNoTimestamp;
  /// due() is false before this time. In ms of TaskContext::monotonic_time().
  Timestamp next_look_ = std::numeric_limits<Timestamp>::min();
};

/// A range of windows to emit, both bounds inclusive. Window starts for time and sliding windows, ends for sessions.
struct WindowTimes {
  Timestamp from = 0;
  Timestamp to = 0;
};

}  // namespace millrace::detail
