// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/detail/windows/window_close.hpp"

#include "millrace/common/detail/saturating.hpp"

namespace millrace::detail {

// Called once per task, before its first record.
void WindowClose::init(TaskContext& task, const NodeBase& node, const std::string& store) {
  task_ = &task;
  // Also sets emitted_until_ to the time of the last commit. So a restart does not emit a window twice.
  task.keep_time(node, store, emitted_until_);
}

bool WindowClose::due(Timestamp close_time) {
  const Timestamp now = task_->monotonic_time();
  if (now < next_look_) return false;
  // The emit interval limits how often the store is searched, not which windows are closed.
  next_look_ = saturating_add(now, task_->emit_interval_ms());
  return progressed(close_time);
}
}  // namespace millrace::detail
