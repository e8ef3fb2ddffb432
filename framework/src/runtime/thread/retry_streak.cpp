// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/retry_streak.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/detail/saturating.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail {
namespace {

// retry.backoff.ms may be 0. Without any pause, the thread would do nothing but retry.
constexpr Millis kShortestPause{1};

}  // namespace

RetrySettings RetrySettings::of(std::string owner, const StreamsConfig& config) {
  return {std::move(owner), std::max(config.get_millis("retry.backoff.ms"), kShortestPause),
          config.get_millis("task.timeout.ms")};
}

void RetryStreak::failed(const RetrySettings& settings, const RetriableException& failure, Timestamp now) {
  const bool first = !since_;
  if (first) since_ = now;
  what_ = failure.what();
  const std::string limit = std::to_string(settings.give_up_after.count()) + " ms (task.timeout.ms)";
  const Millis left(saturating_add(*since_, settings.give_up_after.count()) - now);
  if (left <= Millis(0)) {
    throw StreamsException("a task has tried the same for " + limit + " without success. Nothing was skipped: " +
                           "the next start tries it again. Repair what the serde or function needs, or raise " +
                           "task.timeout.ms: " + what_);
  }
  pause_ = first ? settings.first_pause : std::max(settings.first_pause, std::min(2 * pause_, kLongestPause));
  // The last attempt is made when the time is over, and not earlier.
  pause_ = std::min(pause_, left);
  retry_at_ = now + pause_.count();
  log(first ? LogLevel::warn : LogLevel::debug, settings.owner + ": trying again in " + std::to_string(pause_.count()) +
                                                    " ms" + (first ? ", and for up to " + limit : std::string()) +
                                                    ": " + what_);
}

void RetryStreak::worked(const RetrySettings& settings, Timestamp now) const {
  if (!since_) return;
  log(LogLevel::warn, settings.owner + ": it works again after " + std::to_string(now - *since_) + " ms: " + what_);
}

}  // namespace millrace::detail
