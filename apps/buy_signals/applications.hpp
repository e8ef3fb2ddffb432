#pragma once

#include <string_view>

#include "millrace/runtime/streams_config.hpp"

namespace buy_signals {

/// The application ids of the two topologies: consumer group, and prefix of internal topics and transactional ids.
inline constexpr const char* kPriceSignals = "price-signals";
inline constexpr const char* kBuyStream = "buy-stream";

/// What both set unless the user does. Exactly once, because price_signals depends on it: a price seen twice would be
/// its own predecessor. A record that cannot be read is logged, counted and skipped, as ksqlDB does.
[[nodiscard]] inline millrace::StreamsConfig application_defaults() {
  millrace::StreamsConfig config;
  config.set("processing.guarantee", "exactly_once_v2");
  config.set("deserialization.exception.handler", "log-and-continue");
  return config;
}

/// Local state belongs to the log that it was computed from: on the embedded broker it goes into the broker's
/// directory unless the user has put it somewhere else, so that both vanish together.
inline void keep_state_beside_embedded_broker(millrace::StreamsConfig& config) {
  constexpr std::string_view kEmbedded = "embedded:";
  const auto broker = config.get_string("bootstrap.servers");
  if (!broker.starts_with(kEmbedded) || config.is_set("state.dir")) return;
  config.set("state.dir", broker.substr(kEmbedded.size()) + "/streams");
}

}  // namespace buy_signals
