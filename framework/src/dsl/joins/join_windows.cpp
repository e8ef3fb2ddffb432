// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/join_windows.hpp"

#include <string>

#include "millrace/common/errors.hpp"

namespace millrace {

JoinWindows::JoinWindows(std::int64_t before_ms, std::int64_t after_ms, std::int64_t grace_ms, bool waits_for_close)
    : before_ms_(before_ms), after_ms_(after_ms), grace_ms_(grace_ms), waits_for_close_(waits_for_close) {
  // One of the two may be negative: a window can lie entirely before or after the record.
  if (detail::saturating_add(before_ms, after_ms) < 0) {
    throw TopologyException("JoinWindows: the window ends before it starts: before (" + std::to_string(before_ms) +
                            " ms) + after (" + std::to_string(after_ms) + " ms) must not be negative");
  }
  if (grace_ms < 0) {
    throw TopologyException("JoinWindows: grace must not be negative, but is " + std::to_string(grace_ms) + " ms");
  }
}

// New-style windows: a left or outer join emits an unmatched record only when its window is closed.
JoinWindows JoinWindows::of_time_difference_and_grace(Millis difference, Millis grace) {
  return {difference.count(), difference.count(), grace.count(), true};
}

JoinWindows JoinWindows::of_time_difference_with_no_grace(Millis difference) {
  return of_time_difference_and_grace(difference, Millis(0));
}

// Kafka Streams' deprecated form: 24 h of grace, and unmatched records are emitted at once.
JoinWindows JoinWindows::of(Millis difference) {
  constexpr std::int64_t kDayMs = 24 * 60 * 60 * 1000;
  // Java: grace = max(0, 24 h - window size).
  const std::int64_t window = detail::saturating_add(difference.count(), difference.count());
  return {difference.count(), difference.count(), window < kDayMs ? detail::saturating_sub(kDayMs, window) : 0, false};
}

JoinWindows JoinWindows::before(Millis difference) const {
  return {difference.count(), after_ms_, grace_ms_, waits_for_close_};
}

JoinWindows JoinWindows::after(Millis difference) const {
  return {before_ms_, difference.count(), grace_ms_, waits_for_close_};
}

JoinWindows JoinWindows::grace(Millis grace) const {
  if (waits_for_close_) {
    throw TopologyException(
        "JoinWindows: the grace period is given to of_time_difference_and_grace, not changed later");
  }
  return {before_ms_, after_ms_, grace.count(), waits_for_close_};
}

}  // namespace millrace
