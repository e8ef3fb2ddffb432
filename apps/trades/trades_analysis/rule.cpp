// SPDX-License-Identifier: Apache-2.0
#include "trades/trades_analysis/rule.hpp"

#include <cmath>

#include "millrace/common/errors.hpp"

namespace trades {

void check(const AnalysisRule& rule) {
  using millrace::ConfigException;
  if (rule.grace_seconds < 0 || rule.grace_seconds > 86'400)
    throw ConfigException("--grace must be 0 to 86400 seconds");
  if (!std::isfinite(rule.factor) || rule.factor <= 0) throw ConfigException("--factor must be above 0");
  if (rule.window < 1 || rule.window > 10'000) throw ConfigException("--window must be 1 to 10000 trades");
}

void add_rule_options(millrace::Options& options, AnalysisRule& rule) {
  options
      .option("--grace", rule.grace_seconds,
              "how many seconds a trade may be late, compared with the latest trade; later ones are in no candle")
      .option("--factor", rule.factor, "a trade is large if its volume is above this many averages")
      .option("--window", rule.window, "the average is that of so many trades of the symbol before the trade");
}

}  // namespace trades
