#pragma once

#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// A value with the timestamp and the headers that it is kept with. (Kafka Streams: `ValueTimestampHeaders`.)
template <class V>
struct ValueTimestampHeaders {
  V value;
  Timestamp timestamp = kNoTimestamp;  ///< ms since the epoch
  Headers headers = {};

  bool operator==(const ValueTimestampHeaders&) const = default;
};

}  // namespace millrace
