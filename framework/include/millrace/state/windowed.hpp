// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/common/time.hpp"
#include "millrace/common/windowed.hpp"

namespace millrace {

/// A value with the timestamp of the record that set it. (Kafka Streams: `ValueAndTimestamp`.)
template <class V>
struct ValueAndTimestamp {
  V value;
  Timestamp timestamp = kNoTimestamp;  ///< ms since the epoch

  bool operator==(const ValueAndTimestamp&) const = default;
};

}  // namespace millrace
