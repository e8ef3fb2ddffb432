// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "millrace/common/windowed.hpp"

namespace millrace {
namespace detail {

/// The function that window_columns() returns.
template <class T, class Start, class End>
class WindowColumns {
 public:
  WindowColumns(Start T::*start, End T::*end) : start_(start), end_(end) {}

  template <class K, class V>
  requires std::derived_from<V, T> V operator()(const Windowed<K>& key, V value) const {
    value.*start_ = key.window.start;
    value.*end_ = key.window.end;
    return value;
  }

 private:
  Start T::*start_;
  End T::*end_;
};

}  // namespace detail

/// A function for map_values of a windowed table, or of a stream with windowed keys. It writes the bounds of the window
/// into two fields of the value, in ms since the epoch. (ksqlDB: `WINDOWSTART` and `WINDOWEND` in the list of columns.)
///
///     struct Count { std::int64_t count = 0; millrace::Timestamp window_start = 0, window_end = 0; };
///     counts.map_values(window_columns(&Count::window_start, &Count::window_end))
///
/// Null values stay null. `end` is exclusive for tumbling and hopping windows, and inclusive for sliding and session
/// windows, as in Window.
template <class T, class Start, class End>
[[nodiscard]] detail::WindowColumns<T, Start, End> window_columns(Start T::*start, End T::*end) {
  static_assert(std::is_assignable_v<Start&, Timestamp> && std::is_assignable_v<End&, Timestamp>,
                "window_columns takes fields for times: std::int64_t, or std::optional of it");
  return {start, end};
}

}  // namespace millrace
