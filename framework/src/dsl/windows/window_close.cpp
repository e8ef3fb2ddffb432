#include "millrace/dsl/detail/windows/window_close.hpp"

#include <utility>

namespace millrace::detail {

// Called once per task, before its first record.
void WindowClose::init(TaskContext& task, std::string store) {
  task_ = &task;
  store_ = std::move(store);
  // Continue where the last commit ended.
  emitted_until_ = task.processor_metadata(store_).value_or(kNoTimestamp);
}

bool WindowClose::due(Timestamp close_time) {
  const Timestamp now = task_->system_time();
  if (now < next_look_) return false;
  // Wall-clock time limits how often the store is searched, not which windows are closed.
  next_look_ = now + task_->emit_interval_ms();
  return progressed(close_time);
}

// Saved with the commit, so that a restart does not emit a window twice.
void WindowClose::emitted(Timestamp close_time) {
  emitted_until_ = close_time;
  task_->set_processor_metadata(store_, close_time);
}

}  // namespace millrace::detail
