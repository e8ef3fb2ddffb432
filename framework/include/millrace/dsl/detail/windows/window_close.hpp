#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "millrace/processor/detail/task_context.hpp"

namespace millrace::detail {

/// What EmitStrategy::on_window_close remembers: up to which close time (stream time without grace) results are out,
/// and when to look again. Goes with the commits, so that after a restart nothing comes twice or not at all.
class WindowClose {
 public:
  /// `store`: the aggregation's, under whose name the commits carry the time.
  void init(TaskContext& task, std::string store);

  /// Windows closed by then are out; kNoTimestamp: none yet.
  [[nodiscard]] Timestamp emitted_until() const { return emitted_until_; }

  /// Whether there can be news; asked after each record.
  [[nodiscard]] bool progressed(Timestamp close_time) const { return emitted_until_ < close_time; }

  /// As progressed(), but not more often than the emit interval.
  [[nodiscard]] bool due(Timestamp close_time);

  void emitted(Timestamp close_time);

 private:
  TaskContext* task_ = nullptr;
  std::string store_;
  Timestamp emitted_until_ = kNoTimestamp;
  Timestamp next_look_ = 0;  ///< wall clock
};

/// Times of windows to emit, both inclusive: starts of time and sliding windows, ends of sessions.
struct WindowTimes {
  Timestamp from = 0;
  Timestamp to = 0;
};

}  // namespace millrace::detail
