#pragma once

#include <string>

#include "millrace/broker/consumer.hpp"

namespace topics {

/// A record as one line of JSON: topic, partition, offset, timestamp (ms since the epoch), key, value, headers (a list
/// of {"key", "value"}). UTF-8 bytes become a string, other bytes {"hex": "00ff"}, and null becomes null.
[[nodiscard]] std::string record_json(const millrace::ConsumerRecord& record);

}  // namespace topics
