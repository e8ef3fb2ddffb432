// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>

#include "functions/timestamp_text.hpp"
#include "millrace/common/errors.hpp"

// From fields to a point in time, by the rules of java.time's ResolverStyle.SMART and of ksqlDB's
// StringToTimestampParser.
namespace millrace::detail {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

[[noreturn]] void fail(const std::string& what) { throw StreamsException(what); }

void require(const char* name, const std::optional<std::int64_t>& value, std::int64_t least, std::int64_t most) {
  if (value && (*value < least || *value > most)) {
    fail(fmt::format("{} {} is not between {} and {}", name, *value, least, most));
  }
}

void require_equal(const char* name, const std::optional<std::int64_t>& value, std::int64_t derived) {
  if (value && *value != derived) fail(fmt::format("{} {} contradicts the other parts", name, *value));
}

[[nodiscard]] day last_day(year y, month m) { return (y / m / std::chrono::last).day(); }

[[nodiscard]] std::int64_t iso_weekday(sys_days date) { return std::chrono::weekday(date).iso_encoding(); }

[[nodiscard]] std::int64_t day_of_year(sys_days date) {
  const year_month_day parts(date);
  return (date - sys_days(parts.year() / 1 / 1)).count() + 1;
}

std::optional<std::int64_t> year_of(const ParsedTime& time) {
  constexpr auto kLeast = static_cast<int>(year::min());
  constexpr auto kMost = static_cast<int>(year::max());
  require("year", time[TimeField::year], kLeast, kMost);
  require("year of era", time[TimeField::year_of_era], 1, kMost);
  if (time[TimeField::year]) {
    // The year of era alone means a year after Christ.
    require_equal("year of era", time[TimeField::year_of_era], *time[TimeField::year]);
    return time[TimeField::year];
  }
  return time[TimeField::year_of_era];
}

sys_days date_of(const ParsedTime& time) {
  const auto given_year = year_of(time);
  const auto& given_month = time[TimeField::month];
  const auto& given_day = time[TimeField::day_of_month];
  const auto& given_day_of_year = time[TimeField::day_of_year];
  const auto& given_weekday = time[TimeField::day_of_week];
  require("month", given_month, 1, 12);
  require("day", given_day, 1, 31);
  require("day of the year", given_day_of_year, 1, 366);

  const year y(static_cast<int>(given_year.value_or(1970)));
  const month m(static_cast<unsigned>(given_month.value_or(1)));
  sys_days date = y / m / 1;
  // A complete date: the day of the week and so on are only checked. Otherwise they select the day.
  if (given_year && given_month && given_day) {
    // As in Java, the 31st of a shorter month is its last day.
    date = y / m / std::min(day(static_cast<unsigned>(*given_day)), last_day(y, m));
    require_equal("day of the year", given_day_of_year, day_of_year(date));
    require_equal("day of the week", given_weekday, iso_weekday(date));
    return date;
  }
  if (given_weekday) date += days(*given_weekday - iso_weekday(date));
  if (given_day) {
    const year_month_day parts(date);
    const day d(static_cast<unsigned>(*given_day));
    if (d > last_day(parts.year(), parts.month())) {
      fail(fmt::format("month {} of year {} has no day {}", static_cast<unsigned>(parts.month()),
                       static_cast<int>(parts.year()), *given_day));
    }
    date = parts.year() / parts.month() / d;
  }
  if (given_day_of_year) {
    const year of_date = given_year ? y : year_month_day(date).year();
    if (*given_day_of_year == 366 && !of_date.is_leap()) {
      fail(fmt::format("year {} has no day 366", static_cast<int>(of_date)));
    }
    date = sys_days(of_date / 1 / 1) + days(*given_day_of_year - 1);
    if (given_year) {
      require_equal("month", given_month, static_cast<unsigned>(year_month_day(date).month()));
      require_equal("day", given_day, static_cast<unsigned>(year_month_day(date).day()));
      require_equal("day of the week", given_weekday, iso_weekday(date));
    }
  }
  return date;
}

/// True if the text has a complete date.
bool has_date(const ParsedTime& time) {
  return (time[TimeField::year] || time[TimeField::year_of_era]) &&
         ((time[TimeField::month] && time[TimeField::day_of_month]) || time[TimeField::day_of_year]);
}

/// True if the text has an hour and, between it and its smallest part, all parts. Java checks only such times for
/// contradictions.
bool has_time(const ParsedTime& time) {
  const bool minute = time[TimeField::minute].has_value();
  const bool second = time[TimeField::second].has_value();
  const bool hour =
      time[TimeField::hour_of_day] || time[TimeField::clock_hour_of_day] ||
      (time[TimeField::half_of_day] && (time[TimeField::hour_of_half] || time[TimeField::clock_hour_of_half]));
  const bool gap = (!minute && (second || time[TimeField::nano])) || (!second && time[TimeField::nano]);
  return hour && !gap;
}

std::int64_t hour_of(const ParsedTime& time) {
  const auto& hour_of_day = time[TimeField::hour_of_day];
  const auto& clock_hour = time[TimeField::clock_hour_of_day];
  const auto& hour_of_half = time[TimeField::hour_of_half];
  const auto& clock_hour_of_half = time[TimeField::clock_hour_of_half];
  const auto& half = time[TimeField::half_of_day];
  require("hour", hour_of_day, 0, 24);
  require("hour", clock_hour, 0, 24);
  require("hour", hour_of_half, 0, 11);
  require("hour", clock_hour_of_half, 0, 12);

  std::optional<std::int64_t> in_half = hour_of_half;
  if (clock_hour_of_half) {
    require_equal("hour", in_half, *clock_hour_of_half % 12);
    in_half = *clock_hour_of_half % 12;
  }
  std::optional<std::int64_t> hour = hour_of_day;
  if (clock_hour) {
    require_equal("hour", hour, *clock_hour % 24);
    hour = *clock_hour % 24;
  }
  if (!hour) {
    // As in Java (since 16), AM or PM without any other part of the time means the middle of this half.
    const bool alone = !in_half && !time[TimeField::minute] && !time[TimeField::second] && !time[TimeField::nano];
    return in_half.value_or(half && alone ? 6 : 0) + half.value_or(0) * 12;
  }
  if (has_time(time)) {
    require_equal("half of the day", half, *hour % 24 / 12);
    require_equal("hour", in_half, *hour % 12);
  }
  return *hour;
}

}  // namespace

Timestamp resolve_time(const ParsedTime& time, const TimeZone& zone) {
  std::int64_t hour = hour_of(time);
  const auto& minute = time[TimeField::minute];
  const auto& second = time[TimeField::second];
  require("minute", minute, 0, 59);
  require("second", second, 0, 59);
  const std::int64_t nano = time[TimeField::nano].value_or(0);
  // 24:00 is the end of a day.
  if (hour == 24 && (minute.value_or(0) != 0 || second.value_or(0) != 0 || nano != 0)) {
    fail("hour 24 is possible only as 24:00:00");
  }
  // As in Java, it is 0:00 if the text has no date.
  if (hour == 24 && !has_date(time)) hour = 0;
  const std::int64_t seconds = (hour * 60 + minute.value_or(0)) * 60 + second.value_or(0);
  const std::int64_t local =
      std::chrono::milliseconds(date_of(time).time_since_epoch()).count() + seconds * 1000 + nano / 1'000'000;
  // As in Java, of an offset and a zone the offset counts if the text has date and time.
  if (time.offset && (!time.zone || (has_date(time) && has_time(time)))) return local - *time.offset * 1000;
  return local - (time.zone ? *time.zone : zone).offset_of_local(local);
}

}  // namespace millrace::detail
