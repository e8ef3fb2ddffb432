// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/failure_streak.hpp"

#include <algorithm>
#include <utility>

namespace millrace::detail {

std::optional<Millis> FailureStreak::failed(Timestamp now) {
  // The streak is judged only here, at the next failure. So no timer is needed.
  if (running_since_ && now - *running_since_ >= kCalm.count()) since_.reset();
  running_since_.reset();
  if (!since_) {
    since_ = now;
    pause_ = Millis(0);
  } else if (now - *since_ >= give_up_after_.count()) {
    return std::nullopt;
  } else {
    pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
  }
  retry_at_ = now + pause_.count();
  return pause_;
}

Millis FailureStreak::pause_left(Timestamp now) const { return Millis(std::max<std::int64_t>(retry_at_ - now, 0)); }

void FailureStreak::running(Timestamp now) {
  if (!running_since_) running_since_ = now;
}

}  // namespace millrace::detail
