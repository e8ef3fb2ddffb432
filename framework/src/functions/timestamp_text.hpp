// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "functions/time_zone.hpp"
#include "functions/timestamp_pattern.hpp"

// Texts of timestamps, by the elements of a pattern.
namespace millrace::detail {

/// What a text says about a time: the value of each field that occurs in it.
struct ParsedTime {
  std::array<std::optional<std::int64_t>, kTimeFields> fields;
  std::optional<std::int64_t> offset;    ///< seconds
  std::shared_ptr<const TimeZone> zone;  ///< nullptr: none

  [[nodiscard]] const std::optional<std::int64_t>& operator[](TimeField field) const {
    return fields[static_cast<std::size_t>(field)];
  }
};

/// A local time with its offset and zone: what a pattern can show.
struct ShownTime {
  std::chrono::year_month_day date;
  std::chrono::milliseconds time_of_day;
  std::int64_t offset;  ///< seconds
  std::string_view zone;
};

/// Reads a text by a pattern. Throws StreamsException that names text, pattern and position.
[[nodiscard]] ParsedTime read_time(const TimestampPattern& pattern, std::string_view text);

/// Turns the fields into a timestamp. Missing parts are those of 1970-01-01T00:00. `zone` is used if the text has
/// neither offset nor zone. Throws StreamsException that says which value is impossible.
[[nodiscard]] Timestamp resolve_time(const ParsedTime& time, const TimeZone& zone);

[[nodiscard]] std::string show_time(const TimestampPattern& pattern, const ShownTime& time);

}  // namespace millrace::detail
