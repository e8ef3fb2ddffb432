#pragma once

#include <string>

#include "millrace/broker/consumer.hpp"

namespace topics {

/// A record as one line of JSON: topic, partition, offset, timestamp (ms since the epoch), key, value, headers (a list
/// of {"key", "value"}). Bytes that are UTF-8 are shown as a string, others as {"hex": "00ff"}; null as null.
[[nodiscard]] std::string record_json(const millrace::ConsumerRecord& record);

}  // namespace topics
