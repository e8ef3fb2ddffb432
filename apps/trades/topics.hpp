// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"

namespace trades {

namespace topic {
inline const std::string kRawData = "raw_data";
inline const std::string kCandles = "candles";
inline const std::string kLargeTrades = "large_trades";
}  // namespace topic

/// How long a call on the broker may take before it fails.
inline constexpr millrace::Millis kBrokerTimeout{30'000};

/// Creates the missing topics with one partition and `retention.ms=-1`. A broker deletes records by their own
/// timestamps, and the trades of a recorded feed are old. Programs may start in any order and call this at the same
/// time.
void create_missing_topics(millrace::Broker& broker, const std::vector<std::string>& topics);

}  // namespace trades
