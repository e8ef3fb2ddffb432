// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "millrace/app/stop_signals.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"
#include "trades/trades_analysis/topology.hpp"

namespace trades {

struct PipelineOptions {
  std::string feed;  ///< a trade per line, plain or gzip
  double speed = 0;  ///< 1: the trades' own pace; 0: without pauses
  AnalysisRule rule;
  millrace::StreamsConfig config;
};

/// What one run did.
struct PipelineSummary {
  std::uint64_t sent = 0;      ///< trades that the stand-in sent
  std::uint64_t written = 0;   ///< those in raw_data
  std::uint64_t rejected = 0;  ///< those that are none
  std::uint64_t candles = 0;
  std::uint64_t large_trades = 0;
  double seconds = 0;
  double ingest_seconds = 0;  ///< of these, until the last trade was in raw_data
  bool complete = false;      ///< false: stopped by a signal
};

/// Runs the whole pipeline in one process: a stand-in for the exchange plays the feed, the source of trades_ingest
/// reads it over WebSocket, trades_analysis computes. Returns when every trade has passed all stages, or when a stop
/// signal came. `on_large` is called with each large trade, as text. Throws StreamsException if a part fails.
[[nodiscard]] PipelineSummary run_pipeline(const std::shared_ptr<millrace::Broker>& broker,
                                           const PipelineOptions& options,
                                           const std::function<void(const std::string&)>& on_large,
                                           millrace::StopSignals& signals);

}  // namespace trades
