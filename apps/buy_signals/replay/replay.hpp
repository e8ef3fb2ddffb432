// SPDX-License-Identifier: Apache-2.0
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

/// Options of a replay.
struct ReplayOptions {
  /// Event time divided by wall-clock time: 86400 replays a day per second. nullopt: as fast as possible.
  std::optional<double> speed;
  /// The largest number of rows per transaction.
  std::size_t batch_rows = 2000;
  /// How long to wait for an unreachable broker.
  millrace::Millis patience{60'000};
  /// Further settings of the producer.
  millrace::ClientConfig producer;
};

/// The result of a replay.
struct ReplaySummary {
  std::uint64_t rows = 0;         ///< sent in this run
  std::uint64_t rows_before = 0;  ///< sent by earlier runs
  bool complete = false;          ///< false: `pause` stopped the replay before the end of the source
};

/// Sends the rows of a source to the topic `pricelist` in time order, as if they arrived live. key = symbol, value =
/// Price as JSON, timestamp = the day at 00:00 UTC.
///
/// Each row is sent exactly once, even after kill -9. Rows are sent in transactions, and each transaction also stores
/// how many rows of the source are done. This number is the committed offset of the group `price-replay` for
/// pricelist-0, with the last row's id as metadata. A new run continues after this row. If the source has another row
/// at this place, the run throws SourceError. To start again from the first row, delete the topic.
///
/// A second replay on the same broker stops the first one, because both use the transactional id `price-replay`. Used
/// by one thread.
class Replay {
 public:
  static constexpr const char* kName = "price-replay";

  /// Is called after each transaction. `rows_done` counts the rows of the source, including those of earlier runs.
  using ProgressListener = std::function<void(std::uint64_t rows_done)>;

  /// `broker` and `source` must outlive the object.
  Replay(millrace::Broker& broker, OrderedPrices& source, ReplayOptions options, Pause pause,
         ProgressListener on_progress = {});

  /// Runs until the source ends or `pause` says to stop. Throws BrokerException if the broker stays away longer than
  /// `patience`.
  ReplaySummary run();

 private:
  /// Skips the rows that earlier runs have sent.
  void resume();
  /// Sends the rows, with retries. Returns false if told to stop before the rows were sent.
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
