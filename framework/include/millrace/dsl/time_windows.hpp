#pragma once

#include <cstdint>

#include "millrace/common/time.hpp"

namespace millrace {

/// Windows of a fixed size, aligned to the epoch: a record at time t belongs to every window with
///
///     start <= t < start + size          (start = 0, advance, 2 * advance, ...)
///
/// Tumbling (no two overlap) unless advance_by makes them hop. Grace is how long after a window's end records for it
/// are still taken.
/// Immutable. Errors: TopologyException for a size that is not positive, an advance outside (0, size], negative grace.
/// (Kafka Streams: `TimeWindows`.)
class TimeWindows {
 public:
  [[nodiscard]] static TimeWindows of_size_with_no_grace(Millis size);
  [[nodiscard]] static TimeWindows of_size_and_grace(Millis size, Millis grace);

  /// A window starts every `advance`.
  [[nodiscard]] TimeWindows advance_by(Millis advance) const;

  [[nodiscard]] std::int64_t size_ms() const { return size_ms_; }
  [[nodiscard]] std::int64_t advance_ms() const { return advance_ms_; }
  [[nodiscard]] std::int64_t grace_ms() const { return grace_ms_; }

  bool operator==(const TimeWindows&) const = default;

 private:
  TimeWindows(std::int64_t size_ms, std::int64_t advance_ms, std::int64_t grace_ms);

  std::int64_t size_ms_;
  std::int64_t advance_ms_;
  std::int64_t grace_ms_;
};

}  // namespace millrace
