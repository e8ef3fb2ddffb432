#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "millrace/processor/detail/task_context.hpp"

namespace millrace::detail {

/// The event time that both sides of a stream-stream join have seen, within one task.
struct JoinTime {
  Timestamp stream_time = kNoTimestamp;
  /// No unmatched record that waits is older than this. None: as far as this task knows, none waits; when it starts,
  /// its store may have kept some.
  std::optional<Timestamp> oldest_waiting;
  Timestamp next_emit = 0;  ///< wall clock; looking for closed windows is throttled

  void advance(Timestamp timestamp) { stream_time = std::max(stream_time, timestamp); }
};

/// Gives both join nodes of a task the same JoinTime. Shared by all tasks of a topology, thus locked; asked once per
/// node and task.
class JoinTimes {
 public:
  [[nodiscard]] static std::shared_ptr<JoinTimes> make();

  [[nodiscard]] std::shared_ptr<JoinTime> of(const TaskContext& task);

 private:
  std::mutex mutex_;
  std::map<const TaskContext*, std::weak_ptr<JoinTime>> times_;
};

}  // namespace millrace::detail
