#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "buy_signals/pause.hpp"
#include "buy_signals/prices/price_source.hpp"
#include "millrace/broker/broker.hpp"

namespace buy_signals {

struct ReplayOptions {
  /// Event time per wall-clock time: 86400 replays a day in a second. nullopt: as fast as possible.
  std::optional<double> speed;
  /// Rows per transaction at most.
  std::size_t batch_rows = 2000;
  /// How long an unreachable broker is waited for.
  millrace::Millis patience{60'000};
  /// Settings for the producer beside those that the replay needs.
  millrace::ClientConfig producer;
};

struct ReplaySummary {
  std::uint64_t rows = 0;         ///< sent in this run
  std::uint64_t rows_before = 0;  ///< sent by earlier runs
  bool complete = false;          ///< false: stopped before the end of the source, because `pause` said so
};

/// Sends the rows of a source, in time order, to the topic `pricelist`, as if they arrived live: key = symbol, value =
/// Price as JSON, timestamp = the day at 00:00 UTC.
///
/// Exactly once, also through kill -9: rows go in transactions, and each transaction carries how many rows of the
/// source are done. That is kept as the offset that the group `price-replay` has committed for pricelist-0, with the
/// last row's id as metadata. A new run goes on behind it; if the source has another row there, it throws SourceError.
/// A second replay on the same broker stops the first one (they share the transactional id `price-replay`).
/// Deleting the topic starts all over. Used by one thread.
class Replay {
 public:
  static constexpr const char* kName = "price-replay";

  /// `rows_done` (of the source, earlier runs included) after each transaction.
  using ProgressListener = std::function<void(std::uint64_t rows_done)>;

  Replay(millrace::Broker& broker, OrderedPrices& source, ReplayOptions options, Pause pause,
         ProgressListener on_progress = {});

  /// Until the source ends or `pause` says to stop.
  ReplaySummary run();

 private:
  void resume();
  /// False if told to stop before the rows were sent.
  [[nodiscard]] bool send(const std::vector<PriceRow>& rows);
  void send_in_transaction(const std::vector<PriceRow>& rows);
  void commit();

  millrace::Broker& broker_;
  OrderedPrices& source_;
  ReplayOptions options_;
  Pause pause_;
  ProgressListener on_progress_;
  std::unique_ptr<millrace::Producer> producer_;
  std::uint64_t rows_done_ = 0;
};

}  // namespace buy_signals
