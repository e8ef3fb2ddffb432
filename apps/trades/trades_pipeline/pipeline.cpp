// SPDX-License-Identifier: Apache-2.0
#include "trades/trades_pipeline/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <set>
#include <thread>
#include <vector>

#include "buy_signals/buy_pipeline/group_progress.hpp"
#include "buy_signals/tail/topic_tail.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/connect/source_runner.hpp"
#include "millrace/runtime/streams.hpp"
#include "millrace/serde/json.hpp"
#include "trades/exchange_stand_in/feed.hpp"
#include "trades/exchange_stand_in/stand_in.hpp"
#include "trades/finnhub/ingest.hpp"
#include "trades/model.hpp"
#include "trades/topics.hpp"

namespace trades {
namespace {

using millrace::Streams;
using std::chrono::steady_clock;

/// How often the progress is checked while no records come.
constexpr millrace::Millis kPollTimeout{20};
/// Only this process knows the stand-in.
constexpr const char* kToken = "demo";

/// Reads the feed once, to know what to subscribe to.
std::vector<std::string> symbols_of(const std::string& file) {
  std::set<std::string> symbols;
  const auto feed = open_feed_file(file);
  while (const auto trade = feed->next()) symbols.insert(trade->symbol);
  if (symbols.empty()) throw millrace::StreamsException("the feed " + file + " has no trades");
  return {symbols.begin(), symbols.end()};
}

/// The source, in a thread of its own. The destructor stops it.
class Ingest {
 public:
  Ingest(const std::shared_ptr<millrace::Broker>& broker, const std::string& url, std::vector<std::string> symbols,
         const millrace::StreamsConfig& config)
      : source_(make_trade_source({.url = url}, std::move(symbols), millrace::connect::Secret(kToken))),
        runner_(broker, *source_, {.id = "trades-ingest", .topic = topic::kRawData, .config = config}),
        thread_([this](const std::stop_token& stop) {
          try {
            runner_.run(stop);
          } catch (...) {
            failure_ = std::current_exception();
            failed_ = true;
          }
        }) {}

  /// Throws the error that ended the source.
  void check() const {
    if (failed_) std::rethrow_exception(failure_);
  }
  [[nodiscard]] millrace::connect::SourceCounters counters() const { return runner_.counters(); }

 private:
  std::unique_ptr<millrace::connect::Source> source_;
  millrace::connect::SourceRunner runner_;
  std::exception_ptr failure_;  ///< written before failed_, read after it
  std::atomic<bool> failed_ = false;
  std::jthread thread_;  // last: uses the members above
};

std::string large_trade_text(const millrace::ConsumerRecord& record) {
  if (!record.value) return {};
  const auto trade = millrace::from_json_string<LargeTrade>(
      std::string_view(reinterpret_cast<const char*>(record.value->data()), record.value->size()));
  return fmt::format("LARGE {:<16} {:>12} at {:>10}, {:>5.1f} times the average", trade.symbol, trade.volume,
                     trade.price, trade.volume / trade.average);
}

}  // namespace

PipelineSummary run_pipeline(const std::shared_ptr<millrace::Broker>& broker, const PipelineOptions& options,
                             const std::function<void(const std::string&)>& on_large, millrace::StopSignals& signals) {
  const auto symbols = symbols_of(options.feed);
  const auto started = steady_clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(steady_clock::now() - started).count(); };
  create_missing_topics(*broker, {topic::kRawData, topic::kCandles, topic::kLargeTrades});
  // Starts at the end before the analysis starts, so that it counts the results of this run only.
  buy_signals::TopicTail results{*broker, {topic::kCandles, topic::kLargeTrades}, buy_signals::TopicTail::From::end};
  Streams analysis(trades_analysis(options.rule),
                   millrace::StreamsConfig(options.config).set("application.id", kAnalysis), broker);
  buy_signals::GroupProgress progress(*broker, kAnalysis, {topic::kRawData});
  analysis.start();
  ExchangeStandIn exchange({.token = kToken, .speed = options.speed, .wait_for = symbols.size()},
                           open_feed_file(options.feed));
  Ingest ingest(broker, fmt::format("ws://127.0.0.1:{}", exchange.port()), symbols, options.config);

  PipelineSummary summary;
  const auto visit = [&](const millrace::ConsumerRecord& record) {
    if (*record.topic == topic::kCandles) ++summary.candles;
    if (*record.topic != topic::kLargeTrades) return;
    ++summary.large_trades;
    on_large(large_trade_text(record));
  };
  // The stages are completed in this order.
  enum class Stage { ingest, analysis, results, complete } stage = Stage::ingest;
  const auto complete = [&] {
    switch (stage) {
      case Stage::ingest: {
        const auto counters = ingest.counters();
        if (!exchange.finished() || counters.written + counters.rejected < exchange.sent()) return false;
        summary.ingest_seconds = seconds();
        return true;
      }
      case Stage::analysis: return progress.all_processed();
      case Stage::results: return results.caught_up();
      case Stage::complete: return false;
    }
    return false;
  };
  while (stage != Stage::complete && !signals.requested()) {
    results.poll(kPollTimeout, visit);
    ingest.check();
    const auto state = analysis.state();
    if (state == Streams::State::error || state == Streams::State::pending_error) {
      throw millrace::StreamsException(fmt::format("{} failed: {}", kAnalysis, analysis.error()));
    }
    // Several stages may be complete at once.
    while (complete()) stage = static_cast<Stage>(static_cast<int>(stage) + 1);
  }
  summary.complete = stage == Stage::complete;
  summary.sent = exchange.sent();
  summary.written = ingest.counters().written;
  summary.rejected = ingest.counters().rejected;
  summary.seconds = seconds();
  return summary;
}

}  // namespace trades
