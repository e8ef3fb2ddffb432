// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "millrace/common/time.hpp"

namespace millrace {

/// Windows that are defined by the records. For each record at time t there are up to two windows, one that ends with
/// the record and one that begins right after it:
///
///     [t - difference, t]    and    [t + 1, t + 1 + difference]          (both ends inclusive)
///
/// A window without records does not exist. So two records of a key that are at most `difference` apart always share a
/// window. Grace is the time after a window's end during which late records are accepted. Records before time
/// `difference` share the window [0, difference].
///
/// An immutable value, in ms. Errors: TopologyException for negative grace, or if the difference is not positive.
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
