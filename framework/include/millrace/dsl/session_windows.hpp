// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "millrace/common/time.hpp"

namespace millrace {

/// Divides the records of a key into sessions. (Kafka Streams: `SessionWindows`.)
///
/// Records belong to one session if none is later than the previous one by more than the inactivity gap. A session
/// begins at its first record and ends at its last record, both inclusive. If a record lies between two sessions, close
/// enough to both, the two become one. Grace is the time after a session's end plus gap during which late records are
/// accepted.
///
/// An immutable value, in ms. Errors: TopologyException for a negative gap or grace.
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
