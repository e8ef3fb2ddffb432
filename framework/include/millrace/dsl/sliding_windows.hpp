#pragma once

#include <cstdint>

#include "millrace/common/time.hpp"

namespace millrace {

/// Windows that follow the records: for every record at time t there is one that ends with it and one that begins right
/// after it, if it is not empty:
///
///     [t - difference, t]    and    [t + 1, t + 1 + difference]          (both ends inclusive)
///
/// so that any two records of a key at most `difference` apart share a window. Grace is how long after a window's end
/// records for it are still taken. Records before time `difference` share the window [0, difference].
/// Immutable. Errors: TopologyException for a difference that is not positive, and for negative grace.
/// (Kafka Streams: `SlidingWindows`.)
class SlidingWindows {
 public:
  [[nodiscard]] static SlidingWindows of_time_difference_with_no_grace(Millis difference);
  [[nodiscard]] static SlidingWindows of_time_difference_and_grace(Millis difference, Millis grace);

  [[nodiscard]] std::int64_t time_difference_ms() const { return difference_ms_; }
  [[nodiscard]] std::int64_t grace_ms() const { return grace_ms_; }

  bool operator==(const SlidingWindows&) const = default;

 private:
  SlidingWindows(std::int64_t difference_ms, std::int64_t grace_ms);

  std::int64_t difference_ms_;
  std::int64_t grace_ms_;
};

}  // namespace millrace
