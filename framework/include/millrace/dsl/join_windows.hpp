#pragma once

#include <cstdint>

#include "millrace/common/time.hpp"

namespace millrace {

/// Which records of two streams meet: a left record at time t joins right records with
///
///     t - before <= time <= t + after          (both ends inclusive)
///
/// Grace is how long after the window's end late records are still waited for: it decides when unmatched records of
/// left and outer joins come out, and together with the window how long both sides are kept.
/// Immutable. Errors: TopologyException for negative grace or a window that ends before it starts.
/// (Kafka Streams: `JoinWindows`.)
class JoinWindows {
 public:
  [[nodiscard]] static JoinWindows of_time_difference_and_grace(Millis difference, Millis grace);
  [[nodiscard]] static JoinWindows of_time_difference_with_no_grace(Millis difference);

  /// The old style: 24 hours of grace, and unmatched results of left and outer joins come out at once, to be followed
  /// by the joined result if a match turns up. Deprecated in Kafka Streams; what ksqlDB's WITHIN without GRACE does.
  [[nodiscard]] static JoinWindows of(Millis difference);

  /// Other bounds than `difference` on one side; may be negative as long as before + after >= 0.
  [[nodiscard]] JoinWindows before(Millis difference) const;
  [[nodiscard]] JoinWindows after(Millis difference) const;
  /// For windows made by `of` only, as in Kafka Streams.
  [[nodiscard]] JoinWindows grace(Millis grace) const;

  [[nodiscard]] std::int64_t before_ms() const { return before_ms_; }
  [[nodiscard]] std::int64_t after_ms() const { return after_ms_; }
  [[nodiscard]] std::int64_t grace_ms() const { return grace_ms_; }
  [[nodiscard]] std::int64_t size_ms() const { return before_ms_ + after_ms_; }
  /// False for `of`: unmatched results come out eagerly.
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
