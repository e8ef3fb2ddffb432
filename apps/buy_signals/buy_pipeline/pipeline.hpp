// SPDX-License-Identifier: Apache-2.0
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

/// Options of a pipeline run.
struct PipelineOptions {
  AlertRule alert_rule;
  BuyRule buy_rule;
  std::optional<double> speed;     ///< see ReplayOptions
  millrace::StreamsConfig config;  ///< for both topologies; the pipeline sets application.id
};

/// What one run did.
struct PipelineSummary {
  std::uint64_t rows = 0, alerts = 0, variations = 0, buys = 0;
  std::uint64_t rows_before = 0;  ///< rows that earlier runs on the same broker have replayed
  double seconds = 0;
  bool complete = false;  ///< false: stopped by a signal
};

/// Callbacks for the user interface. Called on the thread that runs the pipeline.
struct PipelineView {
  std::function<void(std::uint64_t rows_replayed)> on_progress;
  std::function<void(const std::string& text)> on_buy;
};

/// Runs the whole pipeline in one process: replays the prices, runs price_signals and buy_stream, and follows `buy`.
/// Returns when every row has passed all stages, or when a stop signal came. GroupProgress tells from committed offsets
/// when a stage is done. Throws StreamsException if a part fails.
[[nodiscard]] PipelineSummary run_pipeline(const std::shared_ptr<millrace::Broker>& broker, OrderedPrices& prices,
                                           const PipelineOptions& options, const PipelineView& view,
                                           millrace::StopSignals& signals);

}  // namespace buy_signals
