// SPDX-License-Identifier: Apache-2.0
// trades_analysis: makes one-minute candles of trades, and finds trades of an unusual size.
#include <chrono>

#include "millrace/app/app.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "trades/applications.hpp"
#include "trades/model.hpp"
#include "trades/topics.hpp"
#include "trades/trades_analysis/candles.hpp"
#include "trades/trades_analysis/topology.hpp"
#include "trades/trades_analysis/trade_sizes.hpp"

using namespace millrace;
using namespace trades;

Topology trades::trades_analysis(const AnalysisRules& rules) {
  StreamsBuilder builder;

  auto by_symbol = builder.stream<std::string, Trade>(topic::kRawData).group_by_key();

  by_symbol.windowed_by(TimeWindows::of_size_and_grace(1min, Millis(rules.grace_ms)))
      .aggregate(
          [] { return OpenCandle(); },
          [](const std::string&, const Trade& trade, const OpenCandle& candle) { return with_trade(trade, candle); },
          Materialized::as("open-candles"))
      .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
      .to_stream()
      .map_values(finished)
      .select_key([](const Windowed<std::string>& minute, const std::optional<Candle>&) { return minute.key; })
      .to(topic::kCandles);

  by_symbol
      .aggregate([] { return TradeSizes(); },
                 [=](const std::string&, const Trade& trade, const TradeSizes& sizes) {
                   return with_trade(trade, sizes, rules.average_of);
                 },
                 // Each trade must come through, not only the last one before a commit.
                 Materialized::as("trade-sizes").with_caching_disabled())
      .to_stream()
      .filter([=](const TradeSizes& sizes) { return is_large(sizes, rules); })
      .map_values(large_trade)
      .to(topic::kLargeTrades);

  return builder.build();
}

int main(int argc, char** argv) {
  AnalysisRules rules;
  return run_app(argc, argv,
                 {.name = "trades_analysis",
                  .description = "Makes one-minute candles of trades, and finds trades of an unusual size.",
                  .defaults = analysis_defaults(),
                  .options = [&](Options& options) { add_analysis_options(options, rules); },
                  .topology = [&](const StreamsConfig&) { return trades_analysis(rules); },
                  .before_start = [](Broker& broker, const StreamsConfig&) { create_missing_topics(broker); }});
}
