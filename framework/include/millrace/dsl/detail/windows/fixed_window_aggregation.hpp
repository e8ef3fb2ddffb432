// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>

#include "millrace/dsl/detail/windows/fixed_windows.hpp"
#include "millrace/dsl/detail/windows/window_aggregation.hpp"

namespace millrace::detail {

/// Tumbling, hopping and unlimited windows. A record is added to each window that contains its timestamp, earliest
/// window first. A window that is closed is left out, and the record counts as dropped for it. (Kafka Streams:
/// `KStreamWindowAggregate`.)
template <class K, class VA>
class FixedWindowAggregation final : public WindowStoreAggregation<K, VA> {
 public:
  FixedWindowAggregation(const FixedWindows& windows, WindowAggregationSettings<K> settings)
      : WindowStoreAggregation<K, VA>(std::move(settings)), windows_(windows) {}

  void process(const WindowInput<K>& input, RecordFold<K, VA>& fold) override {
    const Timestamp close_time = this->advance(input.timestamp, windows_.grace_ms);
    const auto starts = windows_.starts(input.timestamp);
    // The put below may expire windows that are closed but not yet emitted, so emit these first.
    this->emit_before_expiry(input, close_time, starts.last);
    // Hopping windows overlap, so a record can be in several of them.
    for (Timestamp start = starts.first; start <= starts.last; start += windows_.advance_ms) {
      const Window window = windows_.window(start);
      // A window's end is exclusive, so it is closed when the close time reaches its end.
      if (windows_.closed(window, close_time)) {
        this->dropped_as_late();
      } else {
        auto earlier = this->store().fetch(input.key, start);
        this->update(input, fold, window, earlier ? std::move(earlier) : this->first(input, fold));
      }
      if (start == starts.last) break;  // an unlimited window has no next start; adding the advance would overflow
    }
    this->emit_closed(input, close_time);
  }

 private:
  [[nodiscard]] Window window(Timestamp start) const override { return windows_.window(start); }

  /// Windows with an end in (emitted_until, close_time], as window starts.
  [[nodiscard]] std::optional<WindowTimes> closed_windows(Timestamp close_time) const override {
    // The start of the latest window that is closed. Before the first window has ended there is none.
    const Timestamp last = saturating_sub(close_time, windows_.size_ms);
    if (last < 0) return std::nullopt;
    const Timestamp emitted = this->close().emitted_until();
    // Nothing was emitted yet: all windows from the beginning.
    if (emitted == kNoTimestamp) return WindowTimes{0, last};
    const Timestamp before = std::max<Timestamp>(0, emitted - windows_.size_ms);
    // No window ends between the two times, so nothing new is closed.
    if (windows_.starts(last) == windows_.starts(before)) return std::nullopt;
    return WindowTimes{before + 1, last};
  }

  FixedWindows windows_;
};

}  // namespace millrace::detail
