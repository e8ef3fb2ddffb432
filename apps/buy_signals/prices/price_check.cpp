// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/prices/price_check.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "millrace/common/time.hpp"

namespace buy_signals {
namespace {

/// Bytes. The database column has room for as many characters.
constexpr std::size_t kLongestSymbol = 64;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// The text in a form for messages: short, and on one line.
std::string quoted(std::string_view text) {
  std::string shown{text.substr(0, 40)};
  std::ranges::replace_if(
      shown, [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return fmt::format("\"{}\"{}", shown, text.size() > 40 ? "..." : "");
}

/// Reads a number. Refuses text before or after it.
template <class Number>
std::optional<Number> parse_whole_text(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Reads the fields of one row, one after another. Keeps the first defect.
class Fields {
 public:
  explicit Fields(std::chrono::sys_days today) : today_(today) {}

  std::string symbol(std::optional<std::string_view> field) {
    const auto text = required("symbol", field);
    if (!text) return {};
    if (text->size() > kLongestSymbol) refuse(fmt::format("symbol {} is longer than 64 bytes", quoted(*text)));
    if (!simdjson::validate_utf8(text->data(), text->size()))
      refuse(fmt::format("symbol {} is not UTF-8", quoted(*text)));
    const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
    if (std::ranges::any_of(*text, control)) refuse(fmt::format("symbol {} has control characters", quoted(*text)));
    return std::string{*text};
  }

  std::chrono::sys_days day(std::optional<std::string_view> field) {
    const auto text = required("date", field);
    if (!text) return {};
    const auto day = parse_day(*text);
    if (!day) {
      refuse(fmt::format("date {} is not a day written YYYY-MM-DD", quoted(*text)));
      return {};
    }
    if (*day < std::chrono::sys_days{}) refuse(fmt::format("date {} lies before 1970", *text));
    if (*day > today_) refuse(fmt::format("date {} lies in the future", *text));
    return *day;
  }

  double price(std::string_view name, std::optional<std::string_view> field) {
    const auto value = number(name, required(name, field));
    if (value && *value <= 0) refuse(fmt::format("{} is {}, not above zero", name, *value));
    return value.value_or(0);
  }

  std::int64_t volume(std::optional<std::string_view> field) {
    const auto text = required("volume", field);
    if (!text) return 0;
    // First as an integer, because a double cannot hold all volumes exactly.
    if (const auto whole = parse_whole_text<std::int64_t>(*text)) {
      if (*whole < 0) refuse(fmt::format("volume is {}, below zero", *whole));
      return *whole;
    }
    const auto value = number("volume", text);  // some sources write 9616100.0
    if (!value) return 0;
    if (*value < 0) refuse(fmt::format("volume is {}, below zero", *value));
    if (*value != std::floor(*value) || *value >= 9.2e18)
      refuse(fmt::format("volume {} is not a whole number", *value));
    return defect_ ? 0 : static_cast<std::int64_t>(*value);
  }

  std::optional<double> optional_number(std::string_view name, std::optional<std::string_view> field) {
    if (!field || trimmed(*field).empty()) return std::nullopt;
    return number(name, trimmed(*field));
  }

  void refuse(std::string reason) {
    if (!defect_) defect_ = Defect{std::move(reason)};
  }

  [[nodiscard]] const std::optional<Defect>& defect() const { return defect_; }

 private:
  /// The trimmed text of a field that must not be empty.
  std::optional<std::string_view> required(std::string_view name, std::optional<std::string_view> field) {
    if (!field) {
      refuse(fmt::format("{} is NULL", name));
      return std::nullopt;
    }
    const auto text = trimmed(*field);
    if (text.empty()) {
      refuse(fmt::format("{} is empty", name));
      return std::nullopt;
    }
    return text;
  }

  std::optional<double> number(std::string_view name, std::optional<std::string_view> text) {
    if (!text) return std::nullopt;
    const auto value = parse_whole_text<double>(*text);
    if (!value || !std::isfinite(*value)) {
      refuse(fmt::format("{} {} is not a number", name, quoted(*text)));
      return std::nullopt;
    }
    return value;
  }

  /// The day, or nullopt. Refuses days that do not exist, such as 2012-02-30.
  static std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = parse_whole_text<unsigned>(text.substr(0, 4));
    const auto month = parse_whole_text<unsigned>(text.substr(5, 2));
    const auto day = parse_whole_text<unsigned>(text.substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)}, std::chrono::month{*month},
                                           std::chrono::day{*day}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date};
  }

  std::chrono::sys_days today_;
  std::optional<Defect> defect_;
};

}  // namespace

std::variant<PriceRow, Defect> check_price(const RawPrice& raw, std::chrono::sys_days today) {
  Fields fields{today};
  PriceRow row;
  row.symbol = fields.symbol(raw.symbol);
  row.day = fields.day(raw.day);
  row.open = fields.price("open", raw.open);
  row.high = fields.price("high", raw.high);
  row.low = fields.price("low", raw.low);
  row.close = fields.price("close", raw.close);
  row.volume = fields.volume(raw.volume);
  row.adjusted_close = fields.optional_number("adjusted close", raw.adjusted_close);
  // Checked last: if a price is missing, the comparison would be meaningless, and only the first defect counts.
  if (row.high < row.low) fields.refuse(fmt::format("high {} is below low {}", row.high, row.low));
  if (fields.defect()) return *fields.defect();
  return row;
}

std::chrono::sys_days today() {
  const std::chrono::milliseconds since_epoch{millrace::Clock::system().now()};
  return std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::milliseconds>{since_epoch});
}

std::string iso_date(std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string observation_id(const PriceRow& row) { return row.symbol + "@" + iso_date(row.day); }

}  // namespace buy_signals
