// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/serde/json.hpp"

// The records of the pipeline's topics. The key of all of them is the symbol. Times are ms since the epoch.
namespace trades {

/// Topic `raw_data`: a trade as the exchange reported it.
struct Trade {
  std::string symbol;
  double price = 0;
  double volume = 0;
  std::int64_t time = 0;
  std::vector<std::string> conditions;  ///< codes of the exchange, in its order
};
MILLRACE_JSON(Trade, symbol, price, volume, time, conditions)

/// Topic `candles`: the trades of a symbol in one minute.
struct Candle {
  std::string symbol;
  std::int64_t start = 0;  ///< of the minute
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  double volume = 0;
  double vwap = 0;  ///< average price, weighted by volume; the average of the prices if no volume was traded
  std::int64_t trades = 0;
};
MILLRACE_JSON(Candle, symbol, start, open, high, low, close, volume, vwap, trades)

/// Topic `large_trades`: a trade that is much larger than those of its symbol before it.
struct LargeTrade {
  std::string symbol;
  double price = 0;
  double volume = 0;
  std::int64_t time = 0;
  double average_volume = 0;  ///< the moving average before this trade
};
MILLRACE_JSON(LargeTrade, symbol, price, volume, time, average_volume)

}  // namespace trades
