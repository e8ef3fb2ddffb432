// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/config/streams_config.hpp"

namespace buy_signals {

/// The application ids of the two topologies. An application id is the consumer group, and the prefix of internal
/// topics and transactional ids.
inline constexpr const char* kPriceSignals = "price-signals";
inline constexpr const char* kBuyStream = "buy-stream";

/// The settings of both topologies, unless the user overrides them. Exactly-once, because price_signals needs it: a
/// price that is processed twice would be its own predecessor. A record that cannot be read is logged, counted and
/// skipped, as ksqlDB does.
[[nodiscard]] inline millrace::StreamsConfig application_defaults(const char* application_id) {
  millrace::StreamsConfig config;
  config.set("application.id", application_id);
  config.set("processing.guarantee", "exactly_once_v2");
  config.set("deserialization.exception.handler", "log-and-continue");
  // After a kill, the group notices the loss within this time. Then the restarted process can go on.
  config.set("consumer.session.timeout.ms", "10000");
  return config;
}

}  // namespace buy_signals
