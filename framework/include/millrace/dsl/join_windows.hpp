// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "millrace/common/detail/saturating.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// The time condition of a stream-stream join. A left record at time t joins the right records with
///
///     t - before <= time <= t + after          (both ends inclusive)
///
/// Grace is the time after a window's end during which late records are still accepted. Left and outer joins emit an
/// unmatched record only after its window's end plus grace. Both sides are kept for before + after + grace. All times
/// are event time in ms.
///
/// An immutable value. Errors: TopologyException for negative grace, or if before + after is negative. (Kafka Streams:
/// `JoinWindows`.)
class JoinWindows {
 public:
  /// A window of `difference` before and after each record.
  [[nodiscard]] static JoinWindows of_time_difference_and_grace(Millis difference, Millis grace);
  [[nodiscard]] static JoinWindows of_time_difference_with_no_grace(Millis difference);

  /// The old style, deprecated in Kafka Streams. Window and grace together are 24 hours; the grace is 0 for longer
  /// windows. Left and outer joins emit an unmatched record at once, and the joined result later, if a match arrives.
  /// ksqlDB's WITHIN without GRACE does the same.
  [[nodiscard]] static JoinWindows of(Millis difference);

  /// Changes the bound on one side. May be negative if before + after >= 0.
  [[nodiscard]] JoinWindows before(Millis difference) const;
  [[nodiscard]] JoinWindows after(Millis difference) const;
  /// Changes the grace. Only for windows made by `of`, as in Kafka Streams; otherwise a TopologyException.
  [[nodiscard]] JoinWindows grace(Millis grace) const;

  [[nodiscard]] std::int64_t before_ms() const { return before_ms_; }
  [[nodiscard]] std::int64_t after_ms() const { return after_ms_; }
  [[nodiscard]] std::int64_t grace_ms() const { return grace_ms_; }
  [[nodiscard]] std::int64_t size_ms() const { return detail::saturating_add(before_ms_, after_ms_); }
  /// True: unmatched records wait for their window to close. False, for `of`: they are emitted at once.
  [[nodiscard]] bool waits_for_close() const { return waits_for_close_; }

  bool operator==(const JoinWindows&) const = default;

 private:
  JoinWindows(std::int64_t before_ms, std::int64_t after_ms, std::int64_t grace_ms, bool waits_for_close);

  std::int64_t before_ms_;
  std::int64_t after_ms_;
  std::int64_t grace_ms_;
  bool waits_for_close_;
};

}  // namespace millrace
