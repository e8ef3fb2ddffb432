// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "unit/dsl/timeline.hpp"

namespace millrace::test {

struct Sale {
  std::optional<double> price;
  std::optional<std::string> item;
  std::int32_t amount = 0;
};
MILLRACE_JSON(Sale, price, item, amount)

struct Totals {
  std::int64_t count = 0;
  double price = 0;
  std::optional<std::string> item;
  std::vector<std::int32_t> top;
};
MILLRACE_JSON(Totals, (count, "n"), price, item, top)

}  // namespace millrace::test
