#pragma once

namespace millrace {

/// When a windowed aggregation shows its results. (Kafka Streams: `EmitStrategy`.)
class EmitStrategy {
 public:
  /// At every update: the default.
  [[nodiscard]] static EmitStrategy on_window_update() { return EmitStrategy(false); }

  /// Once per window, when stream time has passed its end plus grace. Noticed when a record arrives, of whatever key,
  /// at most once per second of wall clock. Unlike in Kafka Streams no result is lost when stream time jumps by more
  /// than the store's retention. Not for UnlimitedWindows.
  [[nodiscard]] static EmitStrategy on_window_close() { return EmitStrategy(true); }

  [[nodiscard]] bool waits_for_close() const { return waits_for_close_; }

  bool operator==(const EmitStrategy&) const = default;

 private:
  explicit EmitStrategy(bool waits_for_close) : waits_for_close_(waits_for_close) {}

  bool waits_for_close_;
};

}  // namespace millrace
