// SPDX-License-Identifier: Apache-2.0
#include "metrics/recorders.hpp"

namespace millrace::detail {

// A null header value has no bytes, as in Kafka Streams.
std::size_t TopicTotals::size_of(const Headers& headers) {
  std::size_t size = 0;
  for (const Header& header : headers) size += header.key.size() + (header.value ? header.value->size() : 0);
  return size;
}

}  // namespace millrace::detail
