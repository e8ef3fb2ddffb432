// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/detail/joins/join_time.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include "millrace/common/detail/saturating.hpp"
#include "millrace/processor/detail/kept_time.hpp"

namespace millrace::detail {

// Here, so that user files do not compile std::map and the lock.
std::shared_ptr<JoinTimes> JoinTimes::make() { return std::make_shared<JoinTimes>(); }

std::shared_ptr<JoinTime> JoinTimes::of(TaskContext& task, const NodeBase& node, const std::string& store,
                                        OuterJoinStore* waiting) {
  // Threads start their tasks at the same time, and all tasks of a join share this object.
  const std::lock_guard lock(mutex_);
  // Remove tasks that are gone: a new task can have the same address.
  std::erase_if(times_, [](const auto& entry) { return entry.second.expired(); });
  // The two join nodes of a task share one JoinTime: whichever comes first makes it.
  auto& known = times_[&task];
  auto time = known.lock();
  if (time) return time;
  known = time = std::make_shared<JoinTime>();
  task.keep_time(node, kept_time_name(store, "stream time"), time->stream_time);
  // The store may contain records that waited before a restart. They are sorted by time, so the first is the oldest.
  if (waiting != nullptr) {
    if (const auto cursor = waiting->all(); cursor.valid()) time->oldest_waiting = cursor.entry().timestamp;
  }
  return time;
}

void take_closed(OuterJoinStore& waiting, JoinTime& time, const JoinWindows& windows, std::int64_t look_ahead_ms,
                 const TaskContext& task, FunctionRef<void(const OuterJoinStore::Entry&)> show) {
  const std::int64_t grace = windows.grace_ms();
  // If no record is known to wait, Kafka Streams searches anyway. Its condition adds to the largest long, which
  // overflows unless both numbers are 0. The search shows, because it sets the time of the next one.
  const bool may_be_due = time.oldest_waiting ? saturating_add(saturating_add(*time.oldest_waiting, look_ahead_ms),
                                                               grace) < time.stream_time
                                              : saturating_add(look_ahead_ms, grace) > 0;
  if (!may_be_due) return;
  // At most one search per emit interval.
  const Timestamp now = task.monotonic_time();
  if (now < time.next_emit) return;
  time.next_emit = saturating_add(now, task.emit_interval_ms());

  time.oldest_waiting.reset();
  std::vector<OuterJoinStore::Entry> closed;
  bool left_open = false;
  bool right_open = false;
  // Entries are sorted by time. Stop once both sides have reached an entry whose window is still open.
  for (auto cursor = waiting.all(); cursor.valid(); cursor.next()) {
    auto entry = cursor.entry();
    time.oldest_waiting = entry.timestamp;
    if (left_open && right_open) break;
    // How long after its own time a record can still find a match on the other side.
    const std::int64_t reach = entry.left ? windows.after_ms() : windows.before_ms();
    if (saturating_add(saturating_add(entry.timestamp, reach), grace) >= time.stream_time) {
      (entry.left ? left_open : right_open) = true;
      // Kafka Streams iterates over single records, not over lists. So it stops at this entry's second record.
      if (left_open && right_open && entry.values.size() > 1) break;
      continue;
    }
    // The window of this record is closed, so no match can come any more.
    closed.push_back(std::move(entry));
  }
  // Emit after the iteration, because `show` and remove() use the store.
  for (const auto& entry : closed) {
    show(entry);
    waiting.remove(entry.timestamp, entry.left, entry.key);
  }
}

}  // namespace millrace::detail
