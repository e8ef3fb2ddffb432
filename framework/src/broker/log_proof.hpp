// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "millrace/broker/consumer.hpp"
#include "millrace/common/bytes.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail {

/// Shows to which log a position belongs: the offset of a record before the position, and a hash of this record. A
/// topic that was deleted and created again has another record at this offset, or no record yet. An offset alone shows
/// nothing, because the new log may have reached it too.
struct LogProof {
  std::int64_t offset = 0;
  std::uint64_t hash = 0;  ///< of timestamp, key and value

  bool operator==(const LogProof&) const = default;
};

/// `timestamp`: the one that the broker has stored with the record, in ms since the epoch. Headers do not count. Never
/// change the hash: committed offsets and local state of running applications contain results.
[[nodiscard]] LogProof proof_of(std::int64_t offset, Timestamp timestamp, BytesView key, BytesView value);
[[nodiscard]] LogProof proof_of(const ConsumerRecord& record);

}  // namespace millrace::detail
