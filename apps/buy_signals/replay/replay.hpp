// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "buy_signals/prices/price_source.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"

namespace buy_signals {

/// Options of a replay.
struct ReplayOptions {
  /// Event time divided by wall-clock time: 86400 replays a day per second. nullopt: as fast as possible.
  std::optional<double> speed;
  /// The largest number of rows per transaction.
  std::size_t batch_rows = 2000;
  /// Settings of the producer, and of the pauses between attempts.
  millrace::StreamsConfig config = {};
};

/// The result of a replay.
struct ReplaySummary {
  std::uint64_t rows = 0;         ///< sent in this run
  std::uint64_t rows_before = 0;  ///< sent by earlier runs
  bool complete = false;          ///< false: told to stop before the end of the source
};

/// The name under which a replay stores its position, and its transactional id.
inline constexpr const char* kReplayName = "price-replay";

/// Sends the rows of a source to the topic `pricelist` in time order, as if they arrived live. key = symbol, value =
/// Price as JSON, timestamp = the day at 00:00 UTC.
///
/// Each row is sent exactly once, even after kill -9. Rows are sent in transactions, and each transaction also stores
/// how many rows of the source are done. This number is the committed offset of the group `price-replay` for
/// pricelist-0, with the last row's id as metadata. A new run continues after this row. If the source has another row
/// at this place, the run throws SourceError. To start again from the first row, delete the topic. While the broker is
/// away, the replay waits for it.
///
/// A second replay on the same broker stops the first one, because both use the transactional id `price-replay`.
///
/// `on_progress`: called on this thread after each transaction. `rows_done` counts the rows of the source, including
/// those of earlier runs.
[[nodiscard]] ReplaySummary replay_prices(const std::shared_ptr<millrace::Broker>& broker, OrderedPrices& prices,
                                          const ReplayOptions& options, const std::stop_token& stop,
                                          const std::function<void(std::uint64_t rows_done)>& on_progress = {});

}  // namespace buy_signals
