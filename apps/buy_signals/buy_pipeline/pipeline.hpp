#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "buy_signals/buy_stream/topology.hpp"
#include "buy_signals/price_signals/topology.hpp"
#include "buy_signals/prices/price_source.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"

namespace buy_signals {

struct PipelineOptions {
  AlertRule alert_rule;
  BuyRule buy_rule;
  std::optional<double> speed;     ///< see ReplayOptions
  millrace::StreamsConfig config;  ///< of both topologies; their application.id is set by the pipeline
};

/// What one run did, and what it found of earlier runs on the same broker.
struct PipelineSummary {
  std::uint64_t rows = 0, alerts = 0, variations = 0, buys = 0;
  std::uint64_t rows_before = 0;
  double seconds = 0;
  bool complete = false;  ///< false: stopped by a signal
};

/// Sees what happens; called on the thread that runs the pipeline.
struct PipelineView {
  std::function<void(std::uint64_t rows_replayed)> on_progress;
  std::function<void(const std::string& text)> on_buy;
};

/// The whole of the buy signals in one process: replays the prices, runs price_signals and buy_stream, follows `buy`.
/// Returns when every row has gone through everything (known from committed offsets, see GroupProgress) or a stop
/// signal has come. Throws StreamsException if a part of it fails.
[[nodiscard]] PipelineSummary run_pipeline(const std::shared_ptr<millrace::Broker>& broker, OrderedPrices& prices,
                                           const PipelineOptions& options, const PipelineView& view,
                                           millrace::StopSignals& signals);

}  // namespace buy_signals
