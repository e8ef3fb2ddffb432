// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace buy_signals {

/// The path of data/stocks.csv.gz: in the working directory, or in the source tree in which the program was built.
[[nodiscard]] std::string shipped_prices();

}  // namespace buy_signals
