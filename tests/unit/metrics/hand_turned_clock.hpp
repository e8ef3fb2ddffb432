#pragma once

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// A clock that only moves when a test moves it.
class HandTurnedClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return now_; }
  void advance(Millis by) { now_ += by.count(); }

 private:
  Timestamp now_ = 1'000'000;
};

}  // namespace millrace::detail
