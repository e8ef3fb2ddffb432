#pragma once

#include "millrace/processor/detail/topology_builder.hpp"

namespace millrace {

/// Where a topic is read from when the group has no committed offset. (Kafka Streams: `AutoOffsetReset`.)
using OffsetReset = detail::OffsetReset;

}  // namespace millrace
