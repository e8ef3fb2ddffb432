// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "buy_signals/prices/price_row.hpp"

namespace buy_signals {

/// The fields of one row as text, from a CSV file or a database. nullopt: NULL.
struct RawPrice {
  std::optional<std::string_view> symbol, day, open, high, low, close, volume, adjusted_close;
};

/// The reason why a row cannot be used, for messages: `close is empty`.
struct Defect {
  std::string reason;
};

/// Turns text into an observation, or says what is wrong with the text. A row is refused for these reasons:
/// - A field other than the adjusted close is missing.
/// - A number is malformed, NaN or infinite. A price is zero or negative. High is below low. The volume is negative or
///   not whole.
/// - The date is not a calendar day in the form YYYY-MM-DD. The date is before 1970 (Kafka has no earlier timestamps)
///   or after `today` (Kafka refuses records from the future).
/// - The symbol is longer than 64 bytes, is not UTF-8, or contains control characters.
[[nodiscard]] std::variant<PriceRow, Defect> check_price(const RawPrice& raw, std::chrono::sys_days today);

/// The current day in UTC.
[[nodiscard]] std::chrono::sys_days today();

}  // namespace buy_signals
