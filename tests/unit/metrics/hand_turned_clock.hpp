// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// A clock that only moves when a test moves it.
class HandTurnedClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return monotonic_ - set_back_; }
  [[nodiscard]] Timestamp monotonic_ms() const override { return monotonic_; }
  void advance(Millis by) { monotonic_ += by.count(); }
  /// Sets the wall clock back, as an administrator may do. The monotonic clock does not change.
  void set_back(Millis by) { set_back_ += by.count(); }

 private:
  Timestamp monotonic_ = 1'000'000;
  std::int64_t set_back_ = 0;
};

}  // namespace millrace::detail
