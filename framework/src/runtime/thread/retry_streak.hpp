// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "millrace/common/errors.hpp"
#include "millrace/common/time.hpp"
#include "millrace/config/streams_config.hpp"

namespace millrace::detail {

/// How retries after a RetriableException are paced, for one owner.
struct RetrySettings {
  std::string owner;        ///< for log lines: a thread
  Millis first_pause{100};  ///< retry.backoff.ms
  Millis give_up_after{0};  ///< task.timeout.ms

  [[nodiscard]] static RetrySettings of(std::string owner, const StreamsConfig& config);
};

/// The attempts at one piece of work that fails with RetriableExceptions: when to try again, and when to give up. The
/// pauses double, from the first one to kLongestPause. The first failure of a streak is logged as a warning, and so is
/// its end. (Kafka Streams: `StreamTask.maybeInitTaskTimeoutOrThrow`.)
///
/// Times are those of Clock::monotonic_ms(). Used by one thread.
class RetryStreak {
 public:
  static constexpr Millis kLongestPause{5'000};

  /// The work has failed at `now`. Plans the next attempt. Throws StreamsException if the work has failed for
  /// give_up_after.
  void failed(const RetrySettings& settings, const RetriableException& failure, Timestamp now);

  /// When the next attempt is due.
  [[nodiscard]] Timestamp retry_at() const { return retry_at_; }
  [[nodiscard]] bool waits(Timestamp now) const { return now < retry_at_; }

  /// The work has succeeded, which ends the streak. Call it at most once.
  void worked(const RetrySettings& settings, Timestamp now) const;

 private:
  std::optional<Timestamp> since_;  ///< unset: no failure yet
  Millis pause_{0};
  Timestamp retry_at_ = 0;
  std::string what_;  ///< the text of the last failure
};

}  // namespace millrace::detail
