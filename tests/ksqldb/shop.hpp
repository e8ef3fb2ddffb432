// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "millrace/serde/json.hpp"

namespace millrace::ksqldb_rows {

// [row: The columns]
struct Order {  // orders: the key is the id of the order
  std::string customer;
  std::string item;
  double price = 0;
  std::optional<std::string> coupon;  // may be null
};
struct Payment {  // payments: the key is the id of the order
  double amount = 0;
};
struct Customer {  // customers: the key is the id of the customer
  std::string name;
  std::string city;
};
// [end]

// An order as JSON.
inline std::string order(const std::string& customer, const std::string& item, double price) {
  return to_json_string(Order{customer, item, price, {}});
}

}  // namespace millrace::ksqldb_rows
