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

/// The time that both sides of a stream-stream join have seen in one task. Not saved: after a restart it starts again.
/// Used by the task's thread. (Kafka Streams: `KStreamImplJoin.TimeTracker`.)
struct JoinTime {
  Timestamp stream_time = kNoTimestamp;  ///< the largest timestamp of both sides
  /// No waiting unmatched record has an earlier timestamp. Unset: this task knows of no waiting record. The store may
  /// still contain records from before a restart.
  std::optional<Timestamp> oldest_waiting;
  /// Wall-clock time in ms. No search for closed windows begins before it.
  Timestamp next_emit = 0;

  void advance(Timestamp timestamp) { stream_time = std::max(stream_time, timestamp); }
};

/// Gives both join nodes of a task the same JoinTime. All tasks of a topology share one object, so it has a lock. Each
/// node asks once, in init().
class JoinTimes {
 public:
  [[nodiscard]] static std::shared_ptr<JoinTimes> make();

  [[nodiscard]] std::shared_ptr<JoinTime> of(const TaskContext& task);

 private:
  std::mutex mutex_;
  std::map<const TaskContext*, std::weak_ptr<JoinTime>> times_;  // kept alive by the nodes
};

/// Calls `show` for each waiting record whose window has closed, then removes it. Searches only if a window can have
/// closed, and at most once per emit interval. `look_ahead_ms`: how far ahead the current record's side matches.
void take_closed(OuterJoinStore& waiting, JoinTime& time, const JoinWindows& windows, std::int64_t look_ahead_ms,
                 const TaskContext& task, FunctionRef<void(const OuterJoinStore::Entry&)> show);

}  // namespace millrace::detail
