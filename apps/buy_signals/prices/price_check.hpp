#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "buy_signals/prices/price_row.hpp"

namespace buy_signals {

/// The fields of one row as text, as a CSV file or a database gives them. nullopt: NULL.
struct RawPrice {
  std::optional<std::string_view> symbol, day, open, high, low, close, volume, adjusted_close;
};

/// Why a row cannot be used, for people: `close is empty`.
struct Defect {
  std::string reason;
};

/// Turns text into an observation, or says what is wrong with it.
///
/// A row is refused if: a field other than the adjusted close is missing; a number is none, is NaN or infinite; a
/// price is zero or negative; high is below low; the volume is negative or not whole; the date is no calendar day
/// written YYYY-MM-DD, lies before 1970 (Kafka has no earlier timestamps) or after `today` (Kafka refuses records
/// from the future); the symbol is over 64 bytes, not UTF-8 or has control characters in it.
[[nodiscard]] std::variant<PriceRow, Defect> check_price(const RawPrice& raw, std::chrono::sys_days today);

/// The current day in UTC.
[[nodiscard]] std::chrono::sys_days today();

}  // namespace buy_signals
