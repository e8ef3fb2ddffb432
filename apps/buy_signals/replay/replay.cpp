// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/replay/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "buy_signals/model.hpp"
#include "buy_signals/replay/pace.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/connect/source_runner.hpp"

namespace buy_signals {
namespace {

using millrace::Millis;
namespace connect = millrace::connect;

Price to_price(const PriceRow& row) {
  return {row.symbol, iso_date(row.day), row.open, row.high, row.low, row.close, row.volume};
}

/// The day at 00:00 UTC, in ms since the epoch.
millrace::Timestamp event_time(const PriceRow& row) {
  return std::chrono::duration_cast<Millis>(row.day.time_since_epoch()).count();
}

/// The rows as a source of records. The position is the number of rows, with the last row's id.
class ReplaySource final : public connect::Source {
 public:
  ReplaySource(OrderedPrices& prices, std::optional<double> speed) : prices_(prices), pace_(speed) {}

  [[nodiscard]] connect::SourceKind kind() const override { return connect::SourceKind::replayable; }
  [[nodiscard]] std::string name() const override { return prices_.name(); }
  [[nodiscard]] std::uint64_t rows_before() const { return rows_before_; }

  void open(connect::SourceContext& context) override {
    if (const auto& position = context.position()) skip_to(*position);
    rows_before_ = rows_;
    more_ = prices_.next(row_);
  }

  [[nodiscard]] bool poll(std::vector<connect::SourceRecord>& records, std::size_t max_records,
                          Millis timeout) override {
    if (!more_) return false;
    // Waits for the first row, and then takes all rows that are due.
    if (const auto wait = pace_.until_due(row_); wait > Millis(0)) {
      std::this_thread::sleep_for(std::min(wait, timeout));
    }
    while (more_ && records.size() < max_records && pace_.until_due(row_) == Millis(0)) {
      records.push_back(to_record());
      more_ = prices_.next(row_);
    }
    return more_;
  }

 private:
  /// Skips the rows that earlier runs have sent, and checks that the last of them is the same row as then.
  void skip_to(const connect::SourcePosition& position) {
    const auto wanted = static_cast<std::uint64_t>(position.number);
    while (rows_ < wanted && prices_.next(row_)) ++rows_;
    const auto id = rows_ == 0 ? std::string{} : observation_id(row_);
    if (rows_ == wanted && id == position.text) return;
    throw SourceError(fmt::format(
        "{} is not the source of the earlier replay: there, row {} was {}; here {}. Replay the same source as "
        "before, or delete the topic {} to start again",
        prices_.name(), wanted, position.text,
        rows_ == wanted ? "it is " + id : fmt::format("there are only {} rows", rows_), topic::kPricelist));
  }

  [[nodiscard]] connect::SourceRecord to_record() {
    connect::SourceRecord record{.key = row_.symbol, .timestamp = event_time(row_)};
    record.position = {.number = static_cast<std::int64_t>(++rows_), .text = observation_id(row_)};
    millrace::Serde<Price>().serialize(to_price(row_), record.value.emplace());
    return record;
  }

  OrderedPrices& prices_;
  Pace pace_;
  PriceRow row_;            ///< the next one, if more_
  bool more_ = false;       ///< row_ is valid
  std::uint64_t rows_ = 0;  ///< given, or skipped
  std::uint64_t rows_before_ = 0;
};

}  // namespace

ReplaySummary replay_prices(const std::shared_ptr<millrace::Broker>& broker, OrderedPrices& prices,
                            const ReplayOptions& options, const std::stop_token& stop,
                            const std::function<void(std::uint64_t)>& on_progress) {
  create_missing_topics(*broker, {topic::kPricelist});
  const auto warning = retention_warning(*broker, topic::kPricelist);
  if (!warning.empty()) millrace::log(millrace::LogLevel::warn, warning);

  ReplaySource source(prices, options.speed);
  connect::SourceSettings settings{
      .id = kReplayName, .topic = topic::kPricelist, .config = options.config, .max_batch = options.batch_rows};
  settings.on_progress = [&](const connect::SourceCounters&, const std::optional<connect::SourcePosition>& position) {
    if (on_progress) on_progress(position ? static_cast<std::uint64_t>(position->number) : 0);
  };
  connect::SourceRunner runner(broker, source, std::move(settings));
  runner.run(stop);
  const auto counters = runner.counters();
  return {.rows = counters.written, .rows_before = source.rows_before(), .complete = counters.ended};
}

}  // namespace buy_signals
