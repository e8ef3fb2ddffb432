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

/// How long a call on the broker may take before it counts as failed.
inline constexpr millrace::Millis kBrokerTimeout{30'000};

/// Makes those of the topics that are missing, with one partition and `retention.ms=-1`: a broker deletes by the
/// records' own time, and what is replayed is years old. Programs may start in any order and do this at once.
void create_missing_topics(millrace::Broker& broker, const std::vector<std::string>& topics);

/// What to tell the user if the broker would delete old records of this existing topic; empty if it keeps them.
[[nodiscard]] std::string retention_warning(millrace::Broker& broker, const std::string& topic);

}  // namespace buy_signals
