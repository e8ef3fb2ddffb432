#pragma once

#include <optional>

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// How a stream thread goes on after failures that may pass (a broker out of reach, an aborted transaction): it tries
/// again after pauses that grow, and gives up when nothing has worked for too long.
///
/// Failures belong to one streak until the thread has been running for kCalm without another one: a thread that
/// fails at each commit runs in between, and does not recover by that. Times are those of Clock::monotonic_ms().
class FailureStreak {
 public:
  static constexpr Millis kCalm{10'000};
  static constexpr Millis kFirstPause{100};
  static constexpr Millis kLongestPause{5'000};

  explicit FailureStreak(Millis give_up_after) : give_up_after_(give_up_after) {}

  /// The pause before the next attempt: none after a first failure, since many have passed when they are noticed.
  /// nullopt: give up.
  [[nodiscard]] std::optional<Millis> failed(Timestamp now);

  /// What is left of the pause before the next attempt; 0: go on.
  [[nodiscard]] Millis pause_left(Timestamp now) const;

  /// All tasks are running, from now on.
  void running(Timestamp now);

 private:
  Millis give_up_after_;
  Millis pause_{0};
  Timestamp retry_at_ = 0;
  std::optional<Timestamp> since_;          ///< the streak's first failure
  std::optional<Timestamp> running_since_;  ///< unset since the last failure
};

}  // namespace millrace::detail
