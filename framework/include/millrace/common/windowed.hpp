#pragma once

#include <compare>
#include <utility>

#include "millrace/common/time.hpp"

namespace millrace {

/// A stretch of event time, in ms since the epoch. Whether `end` belongs to it is the window kind's business.
struct Window {
  Timestamp start = 0;
  Timestamp end = 0;

  auto operator<=>(const Window&) const = default;
};

/// A key within a window: the key type of windowed tables. (Kafka Streams: `Windowed`.)
template <class K>
struct Windowed {
  K key;
  Window window;

  auto operator<=>(const Windowed&) const = default;
};

}  // namespace millrace
