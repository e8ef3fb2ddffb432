// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/json.hpp"

class Price {
 public:
  Price() = default;
  double amount = 0;
};

struct Order {
  Price price;
};

#ifndef MILLRACE_MISUSE_left_out
MILLRACE_JSON(Price, amount)
#endif
MILLRACE_JSON(Order, price)

int main() { return millrace::to_json_string(Order()).empty() ? 1 : 0; }
