// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/dsl/join_windows.hpp"
#include "millrace/processor/detail/task_context.hpp"
#include "millrace/state/detail/outer_join_store.hpp"

namespace millrace::detail {

/// The time that both sides of a stream-stream join have seen in one task. Used by the task's thread. (Kafka Streams:
/// `KStreamImplJoin.TimeTracker`.)
struct JoinTime {
  Timestamp stream_time = kNoTimestamp;  ///< the largest timestamp of both sides; committed with the offsets
  /// No waiting unmatched record has an earlier timestamp. Unset: this task knows of no waiting record.
  std::optional<Timestamp> oldest_waiting;
  /// No search for closed windows begins before this time. In ms of TaskContext::monotonic_time().
  Timestamp next_emit = std::numeric_limits<Timestamp>::min();

  void advance(Timestamp timestamp) { stream_time = std::max(stream_time, timestamp); }
};

/// Gives both join nodes of a task the same JoinTime. All tasks of a topology share one object, so it has a lock. Each
/// node asks once, in init().
class JoinTimes {
 public:
  [[nodiscard]] static std::shared_ptr<JoinTimes> make();

  /// The JoinTime of `task`. `store`: the store of the left side; the time is committed under a name that is made from
  /// the store's name. `waiting`: the store of waiting unmatched records; null if none have to wait.
  [[nodiscard]] std::shared_ptr<JoinTime> of(TaskContext& task, const NodeBase& node, const std::string& store,
                                             OuterJoinStore* waiting = nullptr);

 private:
  std::mutex mutex_;
  std::map<const TaskContext*, std::weak_ptr<JoinTime>> times_;  // kept alive by the nodes
};

/// Calls `show` for each waiting record whose window has closed, then removes it. Searches only if a window can have
/// closed, and at most once per emit interval. `look_ahead_ms`: how far ahead the current record's side matches.
void take_closed(OuterJoinStore& waiting, JoinTime& time, const JoinWindows& windows, std::int64_t look_ahead_ms,
                 const TaskContext& task, FunctionRef<void(const OuterJoinStore::Entry&)> show);

}  // namespace millrace::detail
