// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "trades/model.hpp"
#include "trades/trades_analysis/topology.hpp"

namespace trades {

/// The last trade of a symbol, and the average volume of those before it.
struct TradeSizes {
  std::int64_t trades = 0;  ///< with the last one
  double average = 0;       ///< moving, with the last one
  double average_before = 0;
  Trade last;
};
MILLRACE_JSON(TradeSizes, trades, average, average_before, last)

/// The plain average of the first `average_of` trades, then an exponential moving average.
[[nodiscard]] inline TradeSizes with_trade(const Trade& trade, TradeSizes sizes, std::int64_t average_of) {
  ++sizes.trades;
  sizes.average_before = sizes.average;
  sizes.average += (trade.volume - sizes.average) / static_cast<double>(std::min(sizes.trades, average_of));
  sizes.last = trade;
  return sizes;
}

[[nodiscard]] inline bool is_large(const TradeSizes& sizes, const AnalysisRules& rules) {
  return sizes.trades > rules.warm_up && sizes.last.volume > rules.factor * sizes.average_before;
}

[[nodiscard]] inline LargeTrade large_trade(const TradeSizes& sizes) {
  const auto& [symbol, price, volume, time, conditions] = sizes.last;
  return {.symbol = symbol, .price = price, .volume = volume, .time = time, .average_volume = sizes.average_before};
}

}  // namespace trades
