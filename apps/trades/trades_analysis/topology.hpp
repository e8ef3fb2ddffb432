// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "millrace/processor/topology.hpp"

namespace trades {

/// What is analysed, and how.
struct AnalysisRules {
  std::int64_t grace_ms = 5'000;  ///< how late a trade may come, in event time, and still count in its candle
  double factor = 5;              ///< a trade is large if its volume exceeds the average by this factor
  std::int64_t average_of = 100;  ///< the moving average forgets trades that are older than about so many trades
  std::int64_t warm_up = 20;      ///< so many trades of a symbol come before the first large one
};

/// raw_data → candles and large_trades.
[[nodiscard]] millrace::Topology trades_analysis(const AnalysisRules& rules);

}  // namespace trades
