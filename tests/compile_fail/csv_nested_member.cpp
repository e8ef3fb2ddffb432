// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <vector>

#include "millrace/serde/csv.hpp"

// A field of CSV is one number, boolean or text.

struct Price {
  double amount = 0;
};

struct Order {
  std::string id;
#ifdef MILLRACE_MISUSE_list
  std::optional<std::vector<double>> prices;
#elif defined(MILLRACE_MISUSE_plain_struct)
  std::optional<Price> prices;
#else
  std::optional<double> prices;
#endif
};
#ifndef MILLRACE_MISUSE_plain_struct
MILLRACE_JSON(Order, id, prices)
#endif

#ifdef MILLRACE_MISUSE_unknown_fields
using Record = std::string;
#else
using Record = Order;
#endif

int main() { return millrace::to_csv_string(Record()).empty() ? 1 : 0; }
