#pragma once

#include <string>

#include "millrace/common/errors.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// Where a topic is read from when the group has no committed offset. (Kafka Streams: `AutoOffsetReset`.)
class AutoOffsetReset {
 public:
  enum class Strategy { earliest, latest, none, by_duration };

  [[nodiscard]] static AutoOffsetReset earliest() { return AutoOffsetReset(Strategy::earliest); }
  [[nodiscard]] static AutoOffsetReset latest() { return AutoOffsetReset(Strategy::latest); }
  /// Nowhere: the application ends with an error.
  [[nodiscard]] static AutoOffsetReset none() { return AutoOffsetReset(Strategy::none); }
  /// From the first record whose timestamp is not longer ago than `duration`; from the end if there is none. Throws
  /// TopologyException if it is negative.
  [[nodiscard]] static AutoOffsetReset by_duration(Millis duration) {
    if (duration < Millis(0)) {
      throw TopologyException("AutoOffsetReset::by_duration of " + std::to_string(duration.count()) +
                              " ms: give how long ago the first record may be, 0 or more");
    }
    return AutoOffsetReset(Strategy::by_duration, duration);
  }

  [[nodiscard]] Strategy strategy() const { return strategy_; }
  [[nodiscard]] Millis duration() const { return duration_; }

  bool operator==(const AutoOffsetReset&) const = default;

 private:
  explicit AutoOffsetReset(Strategy strategy, Millis duration = Millis(0)) : strategy_(strategy), duration_(duration) {}

  Strategy strategy_;
  Millis duration_;
};

}  // namespace millrace
