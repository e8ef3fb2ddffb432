#include "millrace/dsl/detail/join_time.hpp"

namespace millrace::detail {

std::shared_ptr<JoinTimes> JoinTimes::make() { return std::make_shared<JoinTimes>(); }

std::shared_ptr<JoinTime> JoinTimes::of(const TaskContext& task) {
  const std::lock_guard lock(mutex_);
  std::erase_if(times_, [](const auto& entry) { return entry.second.expired(); });
  auto& known = times_[&task];
  auto time = known.lock();
  if (!time) known = time = std::make_shared<JoinTime>();
  return time;
}

}  // namespace millrace::detail
