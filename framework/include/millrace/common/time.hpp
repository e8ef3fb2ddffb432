// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace millrace {

/// A point in event time or wall-clock time: milliseconds since the Unix epoch, as Kafka stores it. A negative value
/// means "no timestamp".
using Timestamp = std::int64_t;

/// Stream time and partition time before the first record. (Kafka Streams: -1.)
inline constexpr Timestamp kNoTimestamp = -1;

/// The unit of all durations in the API.
using Millis = std::chrono::milliseconds;

// Lets topologies write `5min` and `24h`.
using namespace std::chrono_literals;

/// The wall clock of the engine. All parts of the engine read the time from a Clock, so that tests and simulations can
/// set the time. Implementations must be thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Milliseconds since the Unix epoch.
  [[nodiscard]] virtual Timestamp now() const = 0;

  /// Milliseconds since a moment of the clock's own choice; for measuring intervals. The value never decreases, not
  /// even when somebody sets the wall clock back. Unless overridden, this is the machine's steady clock, whatever now()
  /// says. A clock that is turned by hand overrides both.
  [[nodiscard]] virtual Timestamp monotonic_ms() const;

  /// Nanoseconds since some moment, to measure how long something takes. The machine's clock never goes back here. A
  /// clock that is turned by hand need not override this: the value follows now().
  [[nodiscard]] virtual std::int64_t nanos() const { return now() * 1'000'000; }

  /// The clock of the machine. Thread-safe. Lives until the process ends.
  [[nodiscard]] static const Clock& system();
};

}  // namespace millrace
