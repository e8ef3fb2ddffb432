// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "buy_signals/prices/price_row.hpp"

namespace buy_signals {

/// Computes when each row is due. Event time passes at a constant rate, counted from the first row. Used by one thread.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  /// `speed` is event time divided by wall-clock time. nullopt: every row is due at once.
  explicit Pace(std::optional<double> speed) : speed_(speed) {}

  /// The time until the row is due, rounded up. 0 if the row is due. The first call starts the clock.
  [[nodiscard]] std::chrono::milliseconds until_due(const PriceRow& row, Clock::time_point now = Clock::now()) {
    if (!speed_) return std::chrono::milliseconds{0};
    if (!started_) {
      started_ = true;
      first_day_ = row.day;
      start_ = now;
    }
    const std::chrono::duration<double> event_time = row.day - first_day_;
    const std::chrono::duration<double> left = event_time / *speed_ - (now - start_);
    return std::max(std::chrono::milliseconds{0}, std::chrono::ceil<std::chrono::milliseconds>(left));
  }

 private:
  std::optional<double> speed_;
  bool started_ = false;
  std::chrono::sys_days first_day_{};
  Clock::time_point start_{};
};

}  // namespace buy_signals
