#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/dsl/join_windows.hpp"
#include "millrace/processor/detail/task_context.hpp"
#include "millrace/state/detail/outer_join_store.hpp"

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

/// Shows and then removes what waits in windows that stream time has closed. Only looks if something can be due, and
/// not more often than the emit interval. `look_ahead_ms`: how long the record in hand waits for the other side.
void take_closed(OuterJoinStore& waiting, JoinTime& time, const JoinWindows& windows, std::int64_t look_ahead_ms,
                 const TaskContext& task, FunctionRef<void(const OuterJoinStore::Entry&)> show);

}  // namespace millrace::detail
