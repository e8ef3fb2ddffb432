// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace {

/// When a windowed aggregation emits its results. An immutable value. (Kafka Streams: `EmitStrategy`.)
class EmitStrategy {
 public:
  /// Emits at every update. The default.
  [[nodiscard]] static EmitStrategy on_window_update() { return EmitStrategy(false); }

  /// Emits once per window, after stream time has passed the window's end plus grace. The check runs when a record of
  /// any key arrives, at most once per second of wall-clock time. Not possible with UnlimitedWindows. One difference
  /// from Kafka Streams: no result is lost if stream time jumps by more than the store's retention.
  [[nodiscard]] static EmitStrategy on_window_close() { return EmitStrategy(true); }

  [[nodiscard]] bool waits_for_close() const { return waits_for_close_; }

  bool operator==(const EmitStrategy&) const = default;

 private:
  explicit EmitStrategy(bool waits_for_close) : waits_for_close_(waits_for_close) {}

  bool waits_for_close_;
};

}  // namespace millrace
