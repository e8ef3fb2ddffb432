// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "millrace/common/windowed.hpp"
#include "trades/model.hpp"

namespace trades {

/// The candle of a minute that is not over. Trades may come in any order. Two trades of the same time count in the
/// order of their arrival.
struct OpenCandle {
  std::int64_t open_time = 0;
  std::int64_t close_time = 0;
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  double volume = 0;
  double turnover = 0;  ///< sum of price times volume
  double price_sum = 0;
  std::int64_t trades = 0;
};
MILLRACE_JSON(OpenCandle, open_time, close_time, open, high, low, close, volume, turnover, price_sum, trades)

[[nodiscard]] inline OpenCandle with_trade(const Trade& trade, OpenCandle candle) {
  if (candle.trades == 0 || trade.time < candle.open_time) {
    candle.open_time = trade.time;
    candle.open = trade.price;
  }
  if (candle.trades == 0 || trade.time >= candle.close_time) {
    candle.close_time = trade.time;
    candle.close = trade.price;
  }
  candle.high = candle.trades == 0 ? trade.price : std::max(candle.high, trade.price);
  candle.low = candle.trades == 0 ? trade.price : std::min(candle.low, trade.price);
  candle.volume += trade.volume;
  candle.turnover += trade.price * trade.volume;
  candle.price_sum += trade.price;
  ++candle.trades;
  return candle;
}

[[nodiscard]] inline Candle finished(const millrace::Windowed<std::string>& minute, const OpenCandle& candle) {
  const double vwap =
      candle.volume > 0 ? candle.turnover / candle.volume : candle.price_sum / static_cast<double>(candle.trades);
  return {.symbol = minute.key,
          .start = minute.window.start,
          .open = candle.open,
          .high = candle.high,
          .low = candle.low,
          .close = candle.close,
          .volume = candle.volume,
          .vwap = vwap,
          .trades = candle.trades};
}

}  // namespace trades
