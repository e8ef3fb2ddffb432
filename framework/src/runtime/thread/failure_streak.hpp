// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// When a stream thread tries again after failures that may be temporary, for example an unreachable broker or an
/// aborted transaction. The pauses grow. If nothing has worked for too long, the thread gives up.
///
/// Failures belong to one streak until the thread has run for kCalm without another one. Reaching `running` alone does
/// not end a streak: a thread that fails at each commit runs in between.
///
/// Times are those of Clock::monotonic_ms(). Used by the stream thread only.
class FailureStreak {
 public:
  /// So long without a failure ends a streak.
  static constexpr Millis kCalm{10'000};
  /// Pauses double, from the first to the longest one.
  static constexpr Millis kFirstPause{100};
  static constexpr Millis kLongestPause{5'000};

  /// `give_up_after`: the longest streak (millrace.connect.timeout.ms).
  explicit FailureStreak(Millis give_up_after) : give_up_after_(give_up_after) {}

  /// The thread has failed. Returns the pause before the next attempt. The first failure of a streak has no pause,
  /// because many causes are gone when the failure is noticed. nullopt: give up.
  [[nodiscard]] std::optional<Millis> failed(Timestamp now);

  /// The rest of the present pause; 0: go on.
  [[nodiscard]] Millis pause_left(Timestamp now) const;

  /// All tasks are running. Call it in every round: only the first call after a failure counts.
  void running(Timestamp now);

 private:
  Millis give_up_after_;
  Millis pause_{0};
  /// End of the present pause.
  Timestamp retry_at_ = 0;
  /// When the streak began. Unset: no streak.
  std::optional<Timestamp> since_;
  /// Since when all tasks run. Unset: not since the last failure.
  std::optional<Timestamp> running_since_;
};

}  // namespace millrace::detail
