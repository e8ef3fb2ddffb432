#pragma once

#include <cstdint>
#include <string>

#include "millrace/serde/json.hpp"

// The records of the pipeline's topics. Fractions, not per cent; times are days in ISO 8601.
namespace buy_signals {

/// `pricelist`, key = symbol: what a share cost on a day.
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

/// Names an observation in the other topics: `<symbol>@<time>`, e.g. `AAPL@2012-01-03`.
[[nodiscard]] inline std::string observation_id(const Price& price) { return price.symbol + "@" + price.time; }

/// `alerts`, no key: the price (the close) was above the threshold.
struct Alert {
  std::string id;
  std::string time;
};
MILLRACE_JSON(Alert, id, time)

/// `variations`, no key: how the price changed, against the previous close and from open to close.
struct Variation {
  std::string id;
  double variation_ex = 0;
  double variation_in = 0;
};
MILLRACE_JSON(Variation, id, variation_ex, variation_in)

/// `buy`, key = id. ksqlDB named the field `A_ID`, because both joined streams have an `id`.
struct Buy {
  std::string id;
};
MILLRACE_JSON(Buy, (id, "A_ID"))

}  // namespace buy_signals
