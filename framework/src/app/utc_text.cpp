// SPDX-License-Identifier: Apache-2.0
#include "millrace/app/detail/utc_text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <string_view>

namespace millrace::detail {
namespace {

/// Reads a fraction of a second such as `.25` at the front of `rest`, and removes it from there. Returns milliseconds;
/// nullopt if no digit follows the point.
std::optional<Timestamp> take_fraction(std::string_view& rest) {
  if (!rest.starts_with('.')) return 0;
  rest.remove_prefix(1);
  const auto digits = rest.substr(0, rest.find_first_not_of("0123456789"));
  if (digits.empty()) return std::nullopt;
  Timestamp millis = 0;
  for (std::size_t i = 0; i < 3; ++i) millis = millis * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  rest.remove_prefix(digits.size());
  return millis;
}

}  // namespace

std::optional<Timestamp> parse_utc(const std::string& text) {
  // strptime() would accept blanks before each number, and text behind a null character.
  if (text.empty() || text.find_first_not_of("0123456789-T: .Z") != std::string::npos) return std::nullopt;
  for (const auto* format : {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"}) {
    std::tm time{};
    const char* end = strptime(text.c_str(), format, &time);
    if (end == nullptr) continue;
    const bool day_only = format[8] == '\0';
    std::string_view rest(end);
    const auto millis = day_only ? std::optional<Timestamp>(0) : take_fraction(rest);
    if (!millis) continue;
    if (!day_only && rest == "Z") rest = {};
    if (!rest.empty()) continue;
    // strptime() accepts the 31st of every month, and a leap second.
    using namespace std::chrono;
    const year_month_day date(year(time.tm_year + 1900), month(static_cast<unsigned>(time.tm_mon + 1)),
                              day(static_cast<unsigned>(time.tm_mday)));
    if (!date.ok() || time.tm_sec > 59) return std::nullopt;
    return static_cast<Timestamp>(timegm(&time)) * 1000 + *millis;
  }
  return std::nullopt;
}

std::string utc_text(Timestamp time) {
  using namespace std::chrono;
  constexpr Timestamp kEndOfYear9999 = 253'402'300'800'000;
  if (time < 0) return "-";
  if (time >= kEndOfYear9999) return std::to_string(time);
  const sys_time<milliseconds> point{milliseconds(time)};
  const auto midnight = floor<days>(point);
  const year_month_day date(midnight);
  const hh_mm_ss clock(point - midnight);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace millrace::detail
