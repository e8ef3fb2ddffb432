// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "millrace/dsl/detail/windows/window_aggregation.hpp"
#include "millrace/dsl/sliding_windows.hpp"

namespace millrace::detail {

/// Sliding windows. For a record at time t (all bounds inclusive):
///
///     left window   [t - difference, t]             contains the key's records just before t, and the record
///     right window  [t + 1, t + 1 + difference]     made once it contains a record
///
/// A window's stored timestamp is that of its latest record. It tells where the record before t is, and whether there
/// is a record after t. (Kafka Streams: `KStreamSlidingWindowAggregate`, with the same order of updates.)
template <class K, class VA>
class SlidingWindowAggregation final : public WindowStoreAggregation<K, VA> {
  using Base = WindowStoreAggregation<K, VA>;
  using Stored = typename Base::Stored;

 public:
  SlidingWindowAggregation(const SlidingWindows& windows, WindowAggregationSettings<K> settings)
      : Base(std::move(settings)), difference_(windows.time_difference_ms()), grace_(windows.grace_ms()) {}

  void process(const WindowInput<K>& input, RecordFold<K, VA>& fold) override {
    close_time_ = this->advance(input.timestamp, grace_);
    // Even the record's latest possible window has closed.
    if (saturating_add(input.timestamp, difference_) < close_time_) {
      this->dropped_as_late();
      return;
    }
    this->emit_before_expiry(input, close_time_, input.timestamp);
    if (input.timestamp < difference_) {
      process_early(input, fold);
      return;  // as in Kafka Streams, no search for closed windows here
    }
    process_usual(input, fold);
    this->emit_closed(input, close_time_);
  }

 private:
  /// What a search has found in the key's windows around a record.
  struct Neighbours {
    /// Starts of all windows found.
    std::set<Timestamp> starts;
    Stored left;   ///< the latest window that ends before the record
    Stored right;  ///< a window that begins at or before the record and ends after it
    bool has_left_window = false;
    bool has_right_window = false;
    std::optional<Timestamp> previous;  ///< the timestamp of the key's record before this one
  };

  /// Iterates over the key's windows, latest first. It begins with windows that start at the record's right window, and
  /// ends at the first window that ends before the record. Windows that contain the record are updated at once, because
  /// Java updates them in this order.
  void process_usual(const WindowInput<K>& input, RecordFold<K, VA>& fold) {
    const Timestamp now = input.timestamp;
    Neighbours found;
    // Windows that start earlier end before the record's left window begins, and so tell nothing.
    const Timestamp left = now - difference_;  // where the left window starts; not negative
    auto entries = this->store().backward_fetch(input.key, std::max<Timestamp>(0, saturating_sub(left, difference_)),
                                                saturating_add(now, 1));
    while (auto entry = entries.next()) {
      const Timestamp start = entry->key;
      ValueAndTimestamp<VA>& stored = entry->value;
      const Timestamp latest = stored.timestamp;
      found.starts.insert(start);
      if (start > now) {
        // The record's right window exists. It does not contain the record.
        found.has_right_window = true;
      } else if (start > left) {
        if (!found.right) found.right = stored;
        update_open(input, fold, start, std::move(stored));
      } else if (start == left) {
        // The window ends at the record's time: this is its left window.
        found.has_left_window = true;
        update_open(input, fold, start, std::move(stored));
        if (latest >= now) return;  // an earlier record with this timestamp has made all windows
        found.previous = latest;
      } else {
        found.left = std::move(stored);
        found.previous = latest;
        break;
      }
    }
    make_windows(input, fold, found);
  }

  /// Makes the windows that do not exist yet: the right window of the previous record, and both windows of this record.
  void make_windows(const WindowInput<K>& input, RecordFold<K, VA>& fold, Neighbours& found) {
    const Timestamp now = input.timestamp;
    // The right window of the previous record now contains this record.
    if (found.previous) {
      const Timestamp start = *found.previous + 1;
      if (!found.starts.contains(start) && start >= now - difference_) {
        update_open(input, fold, start, this->first(input, fold));
      }
    }
    if (!found.has_left_window) {
      Stored earlier;
      // The previous record is in the new left window, so the window starts with the previous window's aggregate.
      if (found.previous && now - difference_ <= *found.previous) {
        earlier = ValueAndTimestamp<VA>{std::move(found.left->value), now};
      } else {
        earlier = this->first(input, fold);
      }
      update_open(input, fold, now - difference_, std::move(earlier));
    }
    make_right_window(input, found);
  }

  /// Makes the record's right window, which contains the later records only. `found.right` has the same later records,
  /// so its aggregate is copied.
  void make_right_window(const WindowInput<K>& input, const Neighbours& found) {
    if (found.has_right_window || !found.right || found.right->timestamp <= input.timestamp) return;
    const Window after = window(input.timestamp + 1);
    this->put(input, found.right->value, found.right->timestamp, after);
    this->forward_update(input, after, found.right->value, std::nullopt, found.right->timestamp);
  }

  /// For records before time `difference`. Their left window would begin before 0. They share the window [0,
  /// difference] instead.
  void process_early(const WindowInput<K>& input, RecordFold<K, VA>& fold) {
    const Timestamp now = input.timestamp;
    Neighbours found;
    Stored combined;
    auto entries = this->store().fetch(input.key, 0, now + 1);
    while (auto entry = entries.next()) {
      const Timestamp start = entry->key;
      ValueAndTimestamp<VA>& stored = entry->value;
      found.starts.insert(start);
      if (start == 0) {
        if (stored.timestamp < now) found.previous = stored.timestamp;
        combined = std::move(stored);
      } else if (start <= now) {
        found.right = stored;
        update_open(input, fold, start, std::move(stored));
      } else {
        found.has_right_window = true;
      }
    }
    // All records in the shared window are later than this record.
    if (!found.right && combined && combined->timestamp > now) found.right = combined;
    make_right_window(input, found);
    if (found.previous && !found.starts.contains(*found.previous + 1)) {
      update_open(input, fold, *found.previous + 1, this->first(input, fold));
    }
    update_open(input, fold, 0, combined ? std::move(combined) : this->first(input, fold));
  }

  // Updates a window unless it is closed.
  void update_open(const WindowInput<K>& input, RecordFold<K, VA>& fold, Timestamp start, Stored earlier) {
    const Window open = window(start);
    if (open.end < close_time_) {
      this->dropped_as_late();
      return;
    }
    this->update(input, fold, open, std::move(earlier));
  }

  [[nodiscard]] Window window(Timestamp start) const override { return {start, saturating_add(start, difference_)}; }

  [[nodiscard]] std::optional<WindowTimes> closed_windows(Timestamp close_time) const override {
    // The end is inclusive here, so a window is closed once the close time is past its end.
    const Timestamp last = saturating_sub(saturating_sub(close_time, difference_), 1);
    if (last < 0) return std::nullopt;
    const Timestamp emitted = this->close().emitted_until();
    return WindowTimes{emitted == kNoTimestamp ? 0 : std::max<Timestamp>(0, emitted - difference_), last};
  }

  // Both in ms.
  std::int64_t difference_;
  std::int64_t grace_;
  Timestamp close_time_ = kNoTimestamp;  // of the current record
};

}  // namespace millrace::detail
