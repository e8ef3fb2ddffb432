// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"

namespace buy_signals {

namespace topic {
inline const std::string kPricelist = "pricelist";
inline const std::string kAlerts = "alerts";
inline const std::string kVariations = "variations";
inline const std::string kBuy = "buy";
}  // namespace topic

/// How long a call on the broker may take before it fails.
inline constexpr millrace::Millis kBrokerTimeout{30'000};

/// Creates the missing topics with one partition and `retention.ms=-1`. A broker deletes records by their own
/// timestamps, and replayed records are years old. Programs may start in any order and call this at the same time.
void create_missing_topics(millrace::Broker& broker, const std::vector<std::string>& topics);

/// A warning for the user if the broker would delete old records of this existing topic. Empty if the broker keeps
/// them.
[[nodiscard]] std::string retention_warning(millrace::Broker& broker, const std::string& topic);

}  // namespace buy_signals
