// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "millrace/common/windowed.hpp"
#include "millrace/serde/json.hpp"
#include "trades/model.hpp"

namespace trades {

/// The trades of a symbol in one minute, as far as they are known.
struct Minute {
  std::int64_t first_time = 0;
  std::int64_t last_time = 0;
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  double volume = 0;
  double turnover = 0;   ///< sum of price times volume
  double price_sum = 0;  ///< for the average of a minute without volume
  std::int64_t trades = 0;
};
MILLRACE_JSON(Minute, first_time, last_time, open, high, low, close, volume, turnover, price_sum, trades)

/// Trades may come out of order. Of those with the same time, the order of reading counts.
[[nodiscard]] inline Minute with_trade(const std::string& /*symbol*/, const Trade& trade, Minute minute) {
  const bool first = minute.trades == 0;
  if (first || trade.time < minute.first_time) {
    minute.first_time = trade.time;
    minute.open = trade.price;
  }
  if (first || trade.time >= minute.last_time) {
    minute.last_time = trade.time;
    minute.close = trade.price;
  }
  minute.high = first ? trade.price : std::max(minute.high, trade.price);
  minute.low = first ? trade.price : std::min(minute.low, trade.price);
  minute.volume += trade.volume;
  minute.turnover += trade.price * trade.volume;
  minute.price_sum += trade.price;
  ++minute.trades;
  return minute;
}

[[nodiscard]] inline Candle candle(const millrace::Windowed<std::string>& key, const Minute& minute) {
  return {.symbol = key.key,
          .start = key.window.start,
          .open = minute.open,
          .high = minute.high,
          .low = minute.low,
          .close = minute.close,
          .volume = minute.volume,
          .vwap = minute.volume > 0 ? minute.turnover / minute.volume
                                    : minute.price_sum / static_cast<double>(minute.trades),
          .trades = minute.trades};
}

}  // namespace trades
