// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace buy_signals {

/// One observation: the prices of a share on one day. Every PriceRow has passed the checks of price_check.hpp.
struct PriceRow {
  std::string symbol;
  std::chrono::sys_days day;
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  std::int64_t volume = 0;
  std::optional<double> adjusted_close;
  /// The first line of the row in the CSV file (the header is line 1). 0 if the row came from a database.
  std::uint64_t line = 0;

  bool operator==(const PriceRow&) const = default;
};

/// The day as `YYYY-MM-DD`.
[[nodiscard]] std::string iso_date(std::chrono::sys_days day);

/// The name of an observation in all topics: `<symbol>@<day>`, e.g. `AAPL@2012-01-03`.
[[nodiscard]] std::string observation_id(const PriceRow& row);

/// The order of a replay: by day, then by symbol (as unsigned bytes).
[[nodiscard]] inline bool earlier(const PriceRow& a, const PriceRow& b) {
  return a.day != b.day ? a.day < b.day : a.symbol < b.symbol;
}

}  // namespace buy_signals
