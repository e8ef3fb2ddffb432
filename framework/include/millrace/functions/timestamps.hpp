// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "millrace/common/time.hpp"

namespace millrace {
namespace detail {
class TimestampPattern;
class TimeZone;
}  // namespace detail

/// Converts between timestamps and texts, by a pattern of Java's DateTimeFormatter and a time zone. (ksqlDB:
/// `PARSE_TIMESTAMP` and `FORMAT_TIMESTAMP`.)
///
///     const TimestampFormat format("yyyy-MM-dd'T'HH:mm:ss.SSSX", "Europe/Berlin");
///     Timestamp time = format.parse("2021-03-28T01:30:00.000Z");
///     std::string text = format.format(time);  // 2021-03-28T03:30:00.000+02
///
/// Letters   u y (year), M L (month), d (day of month), D (day of year), E (day of week), a (AM or PM), H k K h (hour),
///           m (minute), s (second), S (fraction of a second), X x Z O (offset), VV (name of the zone), '...' (text),
///           [...] (may be missing). docs/functions.md has the details. All others are an error.
/// Texts     English, as in a Java with the locale en_US. Parsing ignores the case.
/// Zone      a name (`Europe/Berlin`), `UTC`, or an offset (`+02:00`, `UTC+2`). In ksqlDB and here, the default is UTC.
/// Parsing   Parts that the pattern lacks are those of 1970-01-01T00:00. An offset or zone in the text has priority
///           over the zone of the format. A local time that does not exist, because clocks were put forward, is moved
///           forward by the same time. Of two equal local times, the first one counts. Digits after the milliseconds
///           are cut off.
/// Range     the years -32767 to 32767
/// Errors    StreamsException that names text, pattern and position
/// Threads   immutable; one object can be used by all threads. Copies are cheap. Making one is much slower than using
///           one.
class TimestampFormat {
 public:
  /// Throws StreamsException if the pattern is wrong or the zone is unknown.
  explicit TimestampFormat(std::string_view pattern, std::string_view zone = "UTC");

  /// Milliseconds since the epoch. Throws StreamsException if the text does not fit the pattern.
  [[nodiscard]] Timestamp parse(std::string_view text) const;

  /// Throws StreamsException if the timestamp is out of range.
  [[nodiscard]] std::string format(Timestamp timestamp) const;

 private:
  std::shared_ptr<const detail::TimestampPattern> pattern_;
  std::shared_ptr<const detail::TimeZone> zone_;
};

namespace detail {

/// format.parse(text). If the text does not fit the pattern: logs why, at a limited rate, and returns kNoTimestamp. For
/// timestamp extractors, which drop a record by a negative time.
[[nodiscard]] Timestamp time_of_text(const TimestampFormat& format, std::string_view text);

}  // namespace detail

/// TimestampFormat(pattern, zone).parse(text). Each thread keeps the format of its last call.
[[nodiscard]] Timestamp parse_timestamp(std::string_view text, std::string_view pattern, std::string_view zone = "UTC");

/// TimestampFormat(pattern, zone).format(timestamp). Each thread keeps the format of its last call.
[[nodiscard]] std::string format_timestamp(Timestamp timestamp, std::string_view pattern,
                                           std::string_view zone = "UTC");

}  // namespace millrace
