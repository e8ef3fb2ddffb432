#pragma once

#include <chrono>
#include <cstdint>

namespace millrace {

/// A point in event time or wall-clock time: milliseconds since the Unix epoch, as Kafka stores it.
/// Negative values mean "no timestamp".
using Timestamp = std::int64_t;

/// "No time seen yet": what stream time and partition time are before the first record (Java: -1).
inline constexpr Timestamp kNoTimestamp = -1;

using Millis = std::chrono::milliseconds;

using namespace std::chrono_literals;  // so that `5min` and `24h` read as such in topologies

/// The wall clock that the engine reads. Everything in the engine takes its time from one of these,
/// so that tests and simulations can turn it by hand.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Milliseconds since the Unix epoch.
  [[nodiscard]] virtual Timestamp now() const = 0;

  /// The machine's clock. Thread-safe, lives for the whole program.
  [[nodiscard]] static const Clock& system();
};

}  // namespace millrace
