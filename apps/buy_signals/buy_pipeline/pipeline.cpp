// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/buy_pipeline/pipeline.hpp"

#include <fmt/format.h>

#include <chrono>

#include "buy_signals/applications.hpp"
#include "buy_signals/buy_pipeline/group_progress.hpp"
#include "buy_signals/replay/replay_thread.hpp"
#include "buy_signals/tail/buy_text.hpp"
#include "buy_signals/tail/topic_tail.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/runtime/streams.hpp"

namespace buy_signals {
namespace {

using millrace::Streams;

/// How often the progress is checked while no records come.
constexpr millrace::Millis kPollTimeout{20};

/// One of the two topologies, running. The destructor stops it.
class Application {
 public:
  Application(const char* id, const millrace::Topology& topology, millrace::StreamsConfig config,
              const std::shared_ptr<millrace::Broker>& broker, std::vector<std::string> sources)
      : id_(id),
        streams_(topology, config.set("application.id", id), broker),
        progress_(*broker, id, std::move(sources)) {
    streams_.start();
  }

  /// Throws if the application stopped because of an error.
  void check() const {
    const auto state = streams_.state();
    if (state != Streams::State::error && state != Streams::State::pending_error) return;
    throw millrace::StreamsException(fmt::format("{} failed: {}", id_, streams_.error()));
  }

  [[nodiscard]] bool all_processed() { return progress_.all_processed(); }

 private:
  std::string id_;
  Streams streams_;
  GroupProgress progress_;
};

}  // namespace

PipelineSummary run_pipeline(const std::shared_ptr<millrace::Broker>& broker, OrderedPrices& prices,
                             const PipelineOptions& options, const PipelineView& view, millrace::StopSignals& signals) {
  const auto started = std::chrono::steady_clock::now();
  create_missing_topics(*broker, {topic::kPricelist, topic::kAlerts, topic::kVariations, topic::kBuy});
  // Starts at the end before the applications start, so that it counts the results of this run only.
  TopicTail results{*broker, {topic::kAlerts, topic::kVariations, topic::kBuy}, TopicTail::From::end};
  Application signals_app{
      kPriceSignals, price_signals(options.alert_rule), options.config, broker, {topic::kPricelist}};
  Application buy_app{
      kBuyStream, buy_stream(options.buy_rule), options.config, broker, {topic::kAlerts, topic::kVariations}};
  ReplayOptions replay_options;
  replay_options.speed = options.speed;
  replay_options.config = options.config;
  ReplayThread replay{broker, prices, replay_options};

  PipelineSummary summary;
  const auto visit = [&](const millrace::ConsumerRecord& record) {
    if (*record.topic == topic::kAlerts) ++summary.alerts;
    if (*record.topic == topic::kVariations) ++summary.variations;
    if (*record.topic != topic::kBuy) return;
    const auto text = buy_text(record);
    if (!text) return;
    ++summary.buys;
    view.on_buy(*text);
  };

  // The stages are completed in this order. A stage can only be complete after the stage before it, and then it stays
  // complete.
  enum class Stage { replay, price_signals, buy_stream, results, complete } stage = Stage::replay;
  const auto complete = [&] {
    switch (stage) {
      case Stage::replay: return replay.finished();
      case Stage::price_signals: return signals_app.all_processed();
      case Stage::buy_stream: return buy_app.all_processed();
      case Stage::results: return results.caught_up();
      case Stage::complete: return false;
    }
    return false;
  };
  while (stage != Stage::complete && !signals.requested()) {
    results.poll(kPollTimeout, visit);
    view.on_progress(replay.rows_done());
    signals_app.check();
    buy_app.check();
    // Several stages may be complete at once.
    while (complete()) stage = static_cast<Stage>(static_cast<int>(stage) + 1);
  }

  replay.stop();
  (void)replay.finished();  // throws the error that ended the replay, if any
  summary.complete = stage == Stage::complete;
  summary.rows = replay.summary().rows;
  summary.rows_before = replay.summary().rows_before;
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return summary;
}

}  // namespace buy_signals
