// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "millrace/serde/json.hpp"

// The records of the pipeline's topics. Changes are fractions, not per cent. Times are days in ISO 8601.
namespace buy_signals {

/// Topic `pricelist`, key = symbol: the prices of a share on one day.
struct Price {
  std::string symbol;
  std::string time;
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  std::int64_t volume = 0;
};
MILLRACE_JSON(Price, symbol, time, open, high, low, close, volume)

/// The name of an observation in the other topics: `<symbol>@<time>`, e.g. `AAPL@2012-01-03`.
[[nodiscard]] inline std::string observation_id(const Price& price) { return price.symbol + "@" + price.time; }

/// Topic `alerts`, no key: the close was above the threshold.
struct Alert {
  std::string id;
  std::string time;
};
MILLRACE_JSON(Alert, id, time)

/// Topic `variations`, no key: how the price changed.
struct Variation {
  std::string id;
  double variation_ex = 0;  ///< from the previous close to this close, as a fraction
  double variation_in = 0;  ///< from this open to this close, as a fraction
};
MILLRACE_JSON(Variation, id, variation_ex, variation_in)

/// Topic `buy`, key = id. The field is named `A_ID` in JSON, because ksqlDB named it so: both joined streams have an
/// `id`.
struct Buy {
  std::string id;
};
MILLRACE_JSON(Buy, (id, "A_ID"))

}  // namespace buy_signals
