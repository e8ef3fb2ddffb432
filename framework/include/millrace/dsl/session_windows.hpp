#pragma once

#include <cstdint>

#include "millrace/common/time.hpp"

namespace millrace {

/// Sessions: a key's records of which none is more than `inactivity gap` from the next. A session reaches from its
/// first record to its last, both included; a record in the gap between two sessions makes one of them. Grace is how
/// long after a session's end plus gap records for it are still taken. Immutable. Errors: TopologyException for a
/// negative gap or grace. (Kafka Streams: `SessionWindows`.)
class SessionWindows {
 public:
  [[nodiscard]] static SessionWindows of_inactivity_gap_with_no_grace(Millis gap);
  [[nodiscard]] static SessionWindows of_inactivity_gap_and_grace(Millis gap, Millis grace);

  [[nodiscard]] std::int64_t inactivity_gap_ms() const { return gap_ms_; }
  [[nodiscard]] std::int64_t grace_ms() const { return grace_ms_; }

  bool operator==(const SessionWindows&) const = default;

 private:
  SessionWindows(std::int64_t gap_ms, std::int64_t grace_ms);

  std::int64_t gap_ms_;
  std::int64_t grace_ms_;
};

}  // namespace millrace
