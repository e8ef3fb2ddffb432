// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/serde/json.hpp"

// The records of the pipeline's topics. Times are milliseconds since the epoch. Prices and volumes are in the units of
// the feed.
namespace trades {

/// Topic `raw_data`, key = symbol: one trade, as the feed sent it. In the topic, price and volume have the digits of
/// the feed, also those that a double cannot hold. Record time = `time`.
struct Trade {
  std::string symbol;
  double price = 0;
  double volume = 0;  ///< 0 for a price without a trade, which some currency exchanges send
  std::int64_t time = 0;
  std::vector<std::string> conditions = {};  ///< codes of the exchange; often empty
};
MILLRACE_JSON(Trade, symbol, price, volume, time, conditions)

/// Topic `candles`, key = symbol: the trades of one minute. Written once, when no more trades of the minute are
/// accepted.
struct Candle {
  std::string symbol;
  std::int64_t start = 0;  ///< the first millisecond of the minute
  double open = 0;         ///< the price with the smallest time; of several, the one that was read first
  double high = 0;
  double low = 0;
  double close = 0;   ///< the price with the largest time; of several, the one that was read last
  double volume = 0;  ///< the sum
  double vwap = 0;    ///< average price, weighted with volume; the plain average if `volume` is 0
  std::int64_t trades = 0;
};
MILLRACE_JSON(Candle, symbol, start, open, high, low, close, volume, vwap, trades)

/// Topic `large_trades`, key = symbol: a trade whose volume is more than --factor times the average of the trades of
/// the symbol before it.
struct LargeTrade {
  std::string symbol;
  double price = 0;
  double volume = 0;
  std::int64_t time = 0;
  double average = 0;  ///< average volume of the --window trades before this one
};
MILLRACE_JSON(LargeTrade, symbol, price, volume, time, average)

}  // namespace trades
