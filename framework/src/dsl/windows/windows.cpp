// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "millrace/common/errors.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/dsl/session_windows.hpp"
#include "millrace/dsl/sliding_windows.hpp"
#include "millrace/dsl/time_windows.hpp"
#include "millrace/dsl/unlimited_windows.hpp"

namespace millrace {
namespace {

// `what` names the class and the setting, and begins the message. Both functions throw TopologyException.
void require_positive(std::int64_t ms, const std::string& what) {
  if (ms > 0) return;
  throw TopologyException(what + " must be positive, but is " + std::to_string(ms) + " ms");
}

void require_not_negative(std::int64_t ms, const std::string& what) {
  if (ms >= 0) return;
  throw TopologyException(what + " must not be negative, but is " + std::to_string(ms) + " ms");
}

}  // namespace

// Not inline: the text would be compiled into each user file that has windowed keys.
void detail::missing_windowed_serde() {
  throw TopologyException(
      "there is no serde for the windowed keys here (a source has none, and merge drops it): give "
      "TimeWindowedSerde<Key>(window_size) or SessionWindowedSerde<Key>() with Produced, Grouped, "
      "StreamJoined...");
}

TimeWindows::TimeWindows(std::int64_t size_ms, std::int64_t advance_ms, std::int64_t grace_ms)
    : size_ms_(size_ms), advance_ms_(advance_ms), grace_ms_(grace_ms) {
  // Checked here, so that each way of making windows is checked.
  require_positive(size_ms, "TimeWindows: the size");
  require_positive(advance_ms, "TimeWindows: the advance");
  if (advance_ms > size_ms) {
    throw TopologyException("TimeWindows: the advance (" + std::to_string(advance_ms) +
                            " ms) must not be larger than the size (" + std::to_string(size_ms) +
                            " ms): records between two windows would belong to none");
  }
  require_not_negative(grace_ms, "TimeWindows: grace");
}

TimeWindows TimeWindows::of_size_with_no_grace(Millis size) { return of_size_and_grace(size, Millis(0)); }

TimeWindows TimeWindows::of_size_and_grace(Millis size, Millis grace) {
  return {size.count(), size.count(), grace.count()};
}

// The constructor checks the advance against the size.
TimeWindows TimeWindows::advance_by(Millis advance) const { return {size_ms_, advance.count(), grace_ms_}; }

UnlimitedWindows UnlimitedWindows::start_on(Timestamp start) const {
  require_not_negative(start, "UnlimitedWindows: the start");
  // Windows are values: a setter returns a changed copy.
  UnlimitedWindows copy = *this;
  copy.start_ = start;
  return copy;
}

SlidingWindows::SlidingWindows(std::int64_t difference_ms, std::int64_t grace_ms)
    : difference_ms_(difference_ms), grace_ms_(grace_ms) {
  // Kafka Streams accepts 0, and then fails at the first record. Refuse it here.
  require_positive(difference_ms, "SlidingWindows: the time difference");
  require_not_negative(grace_ms, "SlidingWindows: grace");
}

SlidingWindows SlidingWindows::of_time_difference_with_no_grace(Millis difference) {
  return of_time_difference_and_grace(difference, Millis(0));
}

SlidingWindows SlidingWindows::of_time_difference_and_grace(Millis difference, Millis grace) {
  return {difference.count(), grace.count()};
}

SessionWindows::SessionWindows(std::int64_t gap_ms, std::int64_t grace_ms) : gap_ms_(gap_ms), grace_ms_(grace_ms) {
  // Unlike other windows, a gap of 0 is allowed: records with the same timestamp form a session.
  require_not_negative(gap_ms, "SessionWindows: the inactivity gap");
  require_not_negative(grace_ms, "SessionWindows: grace");
}

SessionWindows SessionWindows::of_inactivity_gap_with_no_grace(Millis gap) {
  return of_inactivity_gap_and_grace(gap, Millis(0));
}

SessionWindows SessionWindows::of_inactivity_gap_and_grace(Millis gap, Millis grace) {
  return {gap.count(), grace.count()};
}

}  // namespace millrace
