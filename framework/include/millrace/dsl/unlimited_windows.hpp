#pragma once

#include "millrace/common/time.hpp"

namespace millrace {

/// One window that never ends. Records before its start belong to none.
/// Immutable. Errors: TopologyException for a negative start. (Kafka Streams: `UnlimitedWindows`.)
class UnlimitedWindows {
 public:
  /// From the epoch on.
  [[nodiscard]] static UnlimitedWindows of() { return {}; }
  [[nodiscard]] UnlimitedWindows start_on(Timestamp start) const;

  [[nodiscard]] Timestamp start() const { return start_; }

  bool operator==(const UnlimitedWindows&) const = default;

 private:
  UnlimitedWindows() = default;

  Timestamp start_ = 0;
};

}  // namespace millrace
