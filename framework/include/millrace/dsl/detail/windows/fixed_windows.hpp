#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "millrace/dsl/time_windows.hpp"
#include "millrace/dsl/unlimited_windows.hpp"
#include "millrace/state/windowed.hpp"

namespace millrace::detail {

/// Windows whose bounds do not depend on the records: TimeWindows or UnlimitedWindows.
struct FixedWindows {
  /// Starts from `first` to `last`, `advance` apart; none if first > last.
  struct Starts {
    Timestamp first = 0;
    Timestamp last = 0;

    bool operator==(const Starts&) const = default;
  };

  std::int64_t size_ms = 0;
  std::int64_t advance_ms = 0;
  std::int64_t grace_ms = 0;
  Timestamp only_start = kNoTimestamp;  ///< of the unlimited window

  FixedWindows(const TimeWindows& windows)  // NOLINT(google-explicit-constructor): one of the two kinds
      : size_ms(windows.size_ms()), advance_ms(windows.advance_ms()), grace_ms(windows.grace_ms()) {}
  FixedWindows(const UnlimitedWindows& windows)  // NOLINT(google-explicit-constructor): the other
      : size_ms(kForever), advance_ms(kForever), only_start(windows.start()) {}

  /// The windows that a record at this time belongs to.
  [[nodiscard]] Starts starts(Timestamp timestamp) const {
    if (only_start >= 0) return timestamp >= only_start ? Starts{only_start, only_start} : Starts{0, -1};
    const Timestamp earliest = std::max<Timestamp>(0, timestamp - size_ms + advance_ms);
    return {earliest / advance_ms * advance_ms, timestamp / advance_ms * advance_ms};
  }

  [[nodiscard]] Window window(Timestamp start) const {
    return {start, start > kForever - size_ms ? kForever : start + size_ms};
  }

 private:
  static constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
};

}  // namespace millrace::detail
