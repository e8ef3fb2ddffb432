// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "millrace/common/time.hpp"

namespace millrace {

/// Windows of a fixed size, aligned to the epoch. A record at time t belongs to every window with
///
///     start <= t < start + size          (start = 0, advance, 2 * advance, ...)
///
/// By default the windows are tumbling: they do not overlap, and advance = size. advance_by() makes them hopping. Grace
/// is the time after a window's end during which late records are accepted.
///
/// An immutable value, in ms. Errors: TopologyException for negative grace, if the size is not positive, or if the
/// advance is not in (0, size]. (Kafka Streams: `TimeWindows`.)
class TimeWindows {
 public:
  [[nodiscard]] static TimeWindows of_size_with_no_grace(Millis size);
  [[nodiscard]] static TimeWindows of_size_and_grace(Millis size, Millis grace);

  /// A window starts every `advance`, so windows overlap.
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
