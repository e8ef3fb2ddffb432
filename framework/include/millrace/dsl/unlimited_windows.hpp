// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/common/time.hpp"

namespace millrace {

/// A single window that never ends. Records before its start belong to no window. An immutable value. Errors:
/// TopologyException for a negative start. (Kafka Streams: `UnlimitedWindows`.)
class UnlimitedWindows {
 public:
  /// The window begins at the epoch.
  [[nodiscard]] static UnlimitedWindows of() { return {}; }
  /// The window begins at `start`, in ms since the epoch (inclusive).
  [[nodiscard]] UnlimitedWindows start_on(Timestamp start) const;

  [[nodiscard]] Timestamp start() const { return start_; }

  bool operator==(const UnlimitedWindows&) const = default;

 private:
  UnlimitedWindows() = default;

  Timestamp start_ = 0;
};

}  // namespace millrace
