// SPDX-License-Identifier: Apache-2.0
#include "millrace/common/time.hpp"

namespace millrace {
namespace {

// The clock of the machine. now() may jump when the machine's time is set; nanos() never goes back.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override {
    return std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  [[nodiscard]] std::int64_t nanos() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace

// The default of all clocks that do not override it, so that timeouts work even if now() stands still.
Timestamp Clock::monotonic_ms() const {
  return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

const Clock& Clock::system() {
  // It has no state, so all threads share one.
  static const SystemClock clock;
  return clock;
}

}  // namespace millrace
