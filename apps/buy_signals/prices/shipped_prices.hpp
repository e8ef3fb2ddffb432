#pragma once

#include <string>

namespace buy_signals {

/// Where data/stocks.csv.gz is: in the working directory, or in the source tree that the program was built in.
[[nodiscard]] std::string shipped_prices();

}  // namespace buy_signals
