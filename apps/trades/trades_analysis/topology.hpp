// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "millrace/config/streams_config.hpp"
#include "millrace/processor/topology.hpp"

namespace trades {

/// What the analysis looks for.
struct AnalysisRule {
  std::int64_t grace_seconds = 5;  ///< how late a trade may be, in event time
  double factor = 10;              ///< a trade is large if its volume is above this many averages
  std::int64_t window = 50;        ///< the average is that of so many trades of the symbol; before, none is large
};

/// raw_data → candles       one per symbol and minute, once the minute and the grace are over
///          → large_trades  trades whose volume is far above the symbol's moving average
///
/// Throws ConfigException for a rule that makes no sense.
[[nodiscard]] millrace::Topology trades_analysis(const AnalysisRule& rule);

/// The application id: consumer group, prefix of internal topics and of transactional ids.
inline constexpr const char* kAnalysis = "trades-analysis";

/// Exactly once, because a trade that is counted twice would change its candle.
[[nodiscard]] inline millrace::StreamsConfig analysis_defaults() {
  millrace::StreamsConfig config;
  config.set("application.id", kAnalysis);
  config.set("processing.guarantee", "exactly_once_v2");
  config.set("deserialization.exception.handler", "log-and-continue");
  // After a kill, the group notices the loss within this time. Then the restarted process can go on.
  config.set("consumer.session.timeout.ms", "10000");
  return config;
}

}  // namespace trades
