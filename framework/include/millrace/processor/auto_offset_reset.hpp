// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "millrace/common/errors.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// Where to start reading a topic if the group has no committed offset. An immutable value. (Kafka Streams:
/// `AutoOffsetReset`.)
class AutoOffsetReset {
 public:
  enum class Strategy { earliest, latest, none, by_duration };

  /// At the first record that the topic still has.
  [[nodiscard]] static AutoOffsetReset earliest() { return AutoOffsetReset(Strategy::earliest); }
  /// At the end: only records that are written from now on.
  [[nodiscard]] static AutoOffsetReset latest() { return AutoOffsetReset(Strategy::latest); }
  /// Does not start: the application ends with an error.
  [[nodiscard]] static AutoOffsetReset none() { return AutoOffsetReset(Strategy::none); }
  /// At the first record whose timestamp is at most `duration` ago. At the end, if there is no such record. Throws
  /// TopologyException if `duration` is negative.
  [[nodiscard]] static AutoOffsetReset by_duration(Millis duration) {
    if (duration < Millis(0)) {
      throw TopologyException("AutoOffsetReset::by_duration of " + std::to_string(duration.count()) +
                              " ms: give how long ago the first record may be, 0 or more");
    }
    return AutoOffsetReset(Strategy::by_duration, duration);
  }

  [[nodiscard]] Strategy strategy() const { return strategy_; }
  /// Of by_duration; 0 for the other strategies.
  [[nodiscard]] Millis duration() const { return duration_; }

  bool operator==(const AutoOffsetReset&) const = default;

 private:
  explicit AutoOffsetReset(Strategy strategy, Millis duration = Millis(0)) : strategy_(strategy), duration_(duration) {}

  Strategy strategy_;
  Millis duration_;
};

}  // namespace millrace
