// SPDX-License-Identifier: Apache-2.0
#include "millrace/functions/timestamps.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "common/log_seldom.hpp"
#include "functions/timestamp_text.hpp"
#include "millrace/common/errors.hpp"

namespace millrace {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::milliseconds;
using std::chrono::sys_days;
using std::chrono::year;

// What the calendar of the standard library can represent, a day smaller, so that every zone has room.
constexpr sys_days kFirstDay = sys_days(year::min() / 1 / 2);
constexpr sys_days kLastDay = sys_days(year::max() / 12 / 30);

std::shared_ptr<const detail::TimeZone> zone_named(std::string_view id) {
  auto zone = detail::TimeZone::find(id);
  if (!zone) {
    throw StreamsException(fmt::format(
        "the time zone '{}' is unknown: give a name such as Europe/Berlin, an offset such as +02:00, or UTC", id));
  }
  return zone;
}

/// The format of the last call of this function and thread.
struct LastFormat {
  std::string pattern;
  std::string zone;
  std::optional<TimestampFormat> format;

  const TimestampFormat& get(std::string_view wanted_pattern, std::string_view wanted_zone) {
    if (!format || pattern != wanted_pattern || zone != wanted_zone) {
      format = TimestampFormat(wanted_pattern, wanted_zone);
      pattern = wanted_pattern;
      zone = wanted_zone;
    }
    return *format;
  }
};

}  // namespace

TimestampFormat::TimestampFormat(std::string_view pattern, std::string_view zone)
    : pattern_(std::make_shared<detail::TimestampPattern>(pattern)), zone_(zone_named(zone)) {}

Timestamp TimestampFormat::parse(std::string_view text) const {
  const detail::ParsedTime time = detail::read_time(*pattern_, text);
  try {
    return detail::resolve_time(time, *zone_);
  } catch (const StreamsException& error) {
    throw StreamsException(
        fmt::format("the text '{}' with the pattern '{}' is no time: {}", text, pattern_->text(), error.what()));
  }
}

Timestamp detail::time_of_text(const TimestampFormat& format, std::string_view text) {
  try {
    return format.parse(text);
  } catch (const StreamsException& error) {
    log_seldom(LogLevel::warn, "with_timestamp",
               std::string("a record is dropped: its time cannot be read: ") + error.what());
    return kNoTimestamp;
  }
}

std::string TimestampFormat::format(Timestamp timestamp) const {
  const std::chrono::sys_time<milliseconds> time{milliseconds(timestamp)};
  if (time < kFirstDay || time >= kLastDay) {
    throw StreamsException(
        fmt::format("the timestamp {} cannot be formatted with '{}': its year is not between {} and {}", timestamp,
                    pattern_->text(), static_cast<int>(year::min()), static_cast<int>(year::max())));
  }
  const std::int64_t offset = zone_->offset_at(timestamp);
  const auto local = time + milliseconds(offset);
  const auto date = floor<days>(local);
  // Java's offsets are seconds.
  return detail::show_time(*pattern_, {date, local - date, offset / 1000, zone_->id()});
}

Timestamp parse_timestamp(std::string_view text, std::string_view pattern, std::string_view zone) {
  thread_local LastFormat last;
  return last.get(pattern, zone).parse(text);
}

std::string format_timestamp(Timestamp timestamp, std::string_view pattern, std::string_view zone) {
  thread_local LastFormat last;
  return last.get(pattern, zone).format(timestamp);
}

}  // namespace millrace
