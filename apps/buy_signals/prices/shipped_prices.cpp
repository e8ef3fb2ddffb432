// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/prices/shipped_prices.hpp"

#include "buy_signals/buy_pipeline/shipped_file.hpp"

namespace buy_signals {

std::string shipped_prices() { return shipped_file("stocks.csv.gz"); }

}  // namespace buy_signals
