// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/replay/replay.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "buy_signals/model.hpp"
#include "buy_signals/replay/pace.hpp"
#include "buy_signals/replay/retry.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/common/logging.hpp"

namespace buy_signals {
namespace {

using millrace::BrokerException;
using millrace::Millis;
using std::chrono::steady_clock;

/// The partition under which the group's offset stores the progress.
const millrace::TopicPartition kProgressPartition{topic::kPricelist, 0};

// The pause between attempts doubles each time.
constexpr Millis kFirstPause{100};
constexpr Millis kLongestPause{5'000};

Price to_price(const PriceRow& row) {
  return {row.symbol, iso_date(row.day), row.open, row.high, row.low, row.close, row.volume};
}

/// The day at 00:00 UTC, in ms since the epoch.
millrace::Timestamp event_time(const PriceRow& row) {
  return std::chrono::duration_cast<Millis>(row.day.time_since_epoch()).count();
}

}  // namespace

Replay::Replay(millrace::Broker& broker, OrderedPrices& source, ReplayOptions options, Pause pause,
               ProgressListener on_progress)
    : broker_(broker),
      source_(source),
      options_(std::move(options)),
      pause_(std::move(pause)),
      on_progress_(std::move(on_progress)) {
  auto config = options_.producer;
  // The fixed id makes a second replay fence this one.
  config["transactional.id"] = kName;
  producer_ = broker_.make_producer(config);
}

ReplaySummary Replay::run() {
  create_missing_topics(broker_, {topic::kPricelist});
  const auto warning = retention_warning(broker_, topic::kPricelist);
  if (!warning.empty()) millrace::log(millrace::LogLevel::warn, warning);
  producer_->init_transactions(options_.patience);
  resume();

  ReplaySummary summary{.rows_before = rows_done_};
  if (on_progress_) on_progress_(rows_done_);
  Pace pace{options_.speed};
  std::vector<PriceRow> batch;
  PriceRow row;
  bool more = source_.next(row);
  while (more) {
    batch.clear();
    // Wait for the first row of the batch. The batch then takes all rows that are due.
    if (pause_(pace.until_due(row))) break;
    while (more && batch.size() < options_.batch_rows && pace.until_due(row) == Millis(0)) {
      batch.push_back(std::move(row));
      more = source_.next(row);
    }
    if (!send(batch)) break;
    summary.rows += batch.size();
    if (on_progress_) on_progress_(rows_done_);
  }
  summary.complete = !more;
  return summary;
}

void Replay::resume() {
  const auto consumer = broker_.make_consumer({{"group.id", kName}});
  // For a moment, a broker that has just started does not know its coordinators. The same holds for the first group of
  // a broker.
  const auto committed = with_retries(options_.patience, pause_,
                                      [&] { return consumer->committed({kProgressPartition}, options_.patience); });
  const auto found = committed.find(kProgressPartition);
  if (found == committed.end()) return;

  // Skips the rows that earlier runs have sent, and checks that the last of them is the same row as then.
  const auto& [rows, epoch, last_id] = found->second;
  PriceRow row;
  while (rows_done_ < static_cast<std::uint64_t>(rows) && source_.next(row)) ++rows_done_;
  const auto id = rows_done_ == 0 ? std::string{} : observation_id(row);
  if (rows_done_ == static_cast<std::uint64_t>(rows) && id == last_id) return;
  throw SourceError(fmt::format(
      "{} is not the source of the earlier replay: there, row {} was {}; here {}. Replay the same source as "
      "before, or delete the topic {} to start again",
      source_.name(), rows, last_id,
      rows_done_ == static_cast<std::uint64_t>(rows) ? "it is " + id
                                                     : fmt::format("there are only {} rows", rows_done_),
      topic::kPricelist));
}

bool Replay::send(const std::vector<PriceRow>& rows) {
  const auto deadline = steady_clock::now() + options_.patience;
  for (Millis wait = kFirstPause;; wait = std::min(2 * wait, kLongestPause)) {
    try {
      send_in_transaction(rows);
      return true;
    } catch (const BrokerException& error) {
      // Must not be retried: the other replay continues where this one stopped.
      if (error.severity() == BrokerException::Severity::fenced) {
        throw BrokerException(error.severity(), fmt::format("another price replay has taken over ({})", error.what()));
      }
      if (error.severity() == BrokerException::Severity::fatal || steady_clock::now() >= deadline) throw;
      millrace::log(millrace::LogLevel::warn,
                    fmt::format("sending {} rows failed, trying again: {}", rows.size(), error.what()));
      // The rows are sent again in a new transaction.
      producer_->abort_transaction(options_.patience);
    }
    if (pause_(wait)) return false;
  }
}

void Replay::send_in_transaction(const std::vector<PriceRow>& rows) {
  producer_->begin_transaction();
  std::string value;
  for (const auto& row : rows) {
    value.clear();
    millrace::Serde<Price>().serialize(to_price(row), value);
    producer_->send(
        {.topic = topic::kPricelist, .partition = {}, .key = row.symbol, .value = value, .timestamp = event_time(row)});
  }
  const auto rows_done = rows_done_ + rows.size();
  producer_->send_offsets_to_transaction(
      {{kProgressPartition, {static_cast<std::int64_t>(rows_done), {}, observation_id(rows.back())}}},
      millrace::ConsumerGroupMetadata{kName});
  commit();
  // Only after the commit.
  rows_done_ = rows_done;
}

/// A commit that timed out may or may not have happened. Only a repeated commit tells.
void Replay::commit() {
  const auto deadline = steady_clock::now() + options_.patience;
  while (true) {
    try {
      return producer_->commit_transaction(options_.patience);
    } catch (const BrokerException& error) {
      if (error.severity() != BrokerException::Severity::retriable) throw;
      if (steady_clock::now() >= deadline) {
        throw BrokerException(BrokerException::Severity::fatal, error.what());
      }
    }
  }
}

}  // namespace buy_signals
