// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// A value with its timestamp and headers: the value of a store with headers. (Kafka Streams: `ValueTimestampHeaders`.)
template <class V>
struct ValueTimestampHeaders {
  V value;
  Timestamp timestamp = kNoTimestamp;  ///< ms since the epoch
  Headers headers = {};

  bool operator==(const ValueTimestampHeaders&) const = default;
};

}  // namespace millrace
