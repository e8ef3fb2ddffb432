// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <utility>

#include "millrace/common/time.hpp"

namespace millrace {

/// A range of event time, in ms since the epoch. `start` is inclusive. `end` is exclusive for tumbling and hopping
/// windows, and inclusive for sliding and session windows, as in Kafka Streams.
struct Window {
  Timestamp start = 0;
  Timestamp end = 0;

  auto operator<=>(const Window&) const = default;
};

/// A key within a window: the key type of windowed tables. Ordered by key, then by window. (Kafka Streams: `Windowed`.)
template <class K>
struct Windowed {
  K key;
  Window window;

  auto operator<=>(const Windowed&) const = default;
};

}  // namespace millrace
