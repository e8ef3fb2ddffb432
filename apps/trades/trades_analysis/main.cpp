// SPDX-License-Identifier: Apache-2.0
// trades_analysis: makes candles of trades, and finds trades of an unusual size.
#include <chrono>
#include <memory>
#include <optional>

#include "millrace/app/app.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/windowed.hpp"
#include "trades/model.hpp"
#include "trades/topics.hpp"
#include "trades/trades_analysis/large_trade_finder.hpp"
#include "trades/trades_analysis/minute.hpp"
#include "trades/trades_analysis/rule.hpp"
#include "trades/trades_analysis/topology.hpp"

using namespace millrace;
using namespace trades;

//   raw_data ─┬─ by symbol and minute ─ when the minute is over → candles
//             └─ compared with the trades before it ───────────→ large_trades
Topology trades::trades_analysis(const AnalysisRule& rule) {
  check(rule);
  StreamsBuilder builder;
  builder.add_state_store(Stores::key_value_store<std::string, RecentVolumes>(LargeTradeFinder::kStore));

  auto trades = builder.stream<std::string, Trade>(topic::kRawData);

  trades.group_by_key()
      .windowed_by(TimeWindows::of_size_and_grace(1min, std::chrono::seconds(rule.grace_seconds)))
      .aggregate([] { return Minute{}; }, with_trade)
      .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
      .map_values(candle)
      .to_stream([](const Windowed<std::string>& window, const std::optional<Candle>&) { return window.key; })
      .to(topic::kCandles);

  trades.process_values([=] { return std::make_unique<LargeTradeFinder>(rule); }, {LargeTradeFinder::kStore})
      .to(topic::kLargeTrades);

  return builder.build();
}

int main(int argc, char** argv) {
  AnalysisRule rule;
  return run_app(
      argc, argv,
      {.name = "trades_analysis",
       .description = "Makes one-minute candles of the trades in raw_data, and finds trades of an unusual size.",
       .defaults = analysis_defaults(),
       .options = [&](Options& options) { add_rule_options(options, rule); },
       .topology = [&](const StreamsConfig&) { return trades_analysis(rule); },
       .before_start =
           [](Broker& broker, const StreamsConfig&) {
             create_missing_topics(broker, {topic::kRawData, topic::kCandles, topic::kLargeTrades});
           }});
}
