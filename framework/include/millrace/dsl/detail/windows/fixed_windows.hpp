// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "millrace/common/detail/saturating.hpp"
#include "millrace/dsl/time_windows.hpp"
#include "millrace/dsl/unlimited_windows.hpp"
#include "millrace/state/windowed.hpp"

namespace millrace::detail {

/// Windows with fixed bounds: TimeWindows or UnlimitedWindows. All times in ms; starts are ms since the epoch. One
/// class for both kinds, so that the aggregation is compiled once.
struct FixedWindows {
  /// The starts from `first` to `last` (inclusive), one every `advance_ms`. None if first > last.
  struct Starts {
    Timestamp first = 0;
    Timestamp last = 0;

    bool operator==(const Starts&) const = default;
  };

  std::int64_t size_ms = 0;
  std::int64_t advance_ms = 0;
  std::int64_t grace_ms = 0;
  Timestamp only_start = kNoTimestamp;  ///< start of the unlimited window; kNoTimestamp for TimeWindows

  FixedWindows(const TimeWindows& windows)  // NOLINT(google-explicit-constructor): one of the two kinds
      : size_ms(windows.size_ms()), advance_ms(windows.advance_ms()), grace_ms(windows.grace_ms()) {}
  FixedWindows(const UnlimitedWindows& windows)  // NOLINT(google-explicit-constructor): the other
      : size_ms(kForever), advance_ms(kForever), only_start(windows.start()) {}

  /// The windows that contain this time. Windows begin at multiples of the advance, and not before 0.
  [[nodiscard]] Starts starts(Timestamp timestamp) const {
    if (only_start >= 0) return timestamp >= only_start ? Starts{only_start, only_start} : Starts{0, -1};
    const Timestamp earliest = std::max<Timestamp>(0, timestamp - size_ms + advance_ms);
    return {earliest / advance_ms * advance_ms, timestamp / advance_ms * advance_ms};
  }

  /// The end is exclusive. An end beyond the largest timestamp becomes the largest timestamp.
  [[nodiscard]] Window window(Timestamp start) const { return {start, saturating_add(start, size_ms)}; }

  /// Whether a window is closed. A window whose end is beyond the largest timestamp never closes. The unlimited window
  /// is an exception, as in Java.
  [[nodiscard]] bool closed(const Window& window, Timestamp close_time) const {
    return window.end <= close_time && (only_start >= 0 || window.start <= kForever - size_ms);
  }

 private:
  static constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
};

}  // namespace millrace::detail
