#include "runtime/thread/failure_streak.hpp"

#include <algorithm>
#include <utility>

namespace millrace::detail {

std::optional<Millis> FailureStreak::failed(Timestamp now) {
  if (running_since_ && now - *running_since_ >= kCalm.count()) since_.reset();
  running_since_.reset();
  if (!since_) {
    since_ = now;
    pause_ = Millis(0);
    return pause_;
  }
  if (now - *since_ >= give_up_after_.count()) return std::nullopt;
  pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
  return pause_;
}

void FailureStreak::running(Timestamp now) {
  if (!running_since_) running_since_ = now;
}

}  // namespace millrace::detail
