// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka/kafka_log.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>

namespace millrace::detail::kafka {

LogLevel log_level_for(int syslog_level, std::string_view facility) {
  // These lines repeat what the user learns elsewhere. The failed call throws an exception with the same cause, or
  // on_log() reports the lost connection in our own words and at a limited rate. CONFWARN complains about a setting
  // that this kind of client does not use; the setting is meant for another kind of client.
  for (const std::string_view told :
       {"FAIL", "ERROR", "TXNERR", "ADDOFFSETS", "GETPID", "ASSIGN", "CONFWARN", "FATAL", "MAXPOLL"}) {
    if (facility == told) return LogLevel::debug;
  }
  // Syslog levels 0 to 4 are emergency to warning, 5 and 6 are notice and info.
  if (syslog_level <= 4) return LogLevel::warn;
  return syslog_level <= 6 ? LogLevel::debug : LogLevel::trace;
}

// TOPIC [PARTITION]: offset reset (at offset OFFSET, broker N) to ...
std::optional<OffsetReset> offset_reset(std::string_view facility, std::string_view line) {
  if (facility != "OFFSET") return std::nullopt;
  constexpr std::string_view kReset = "]: offset reset (at ";
  const auto end = line.find(kReset);
  const auto begin = line.rfind(" [", end);
  if (end == std::string_view::npos || begin == std::string_view::npos) return std::nullopt;
  OffsetReset reset;
  reset.topic = line.substr(0, begin);
  const auto number = [](std::string_view text, auto& into) {
    return std::from_chars(text.data(), text.data() + text.size(), into).ec == std::errc();
  };
  // Later versions of librdkafka write more words before the number.
  auto offset = line.substr(end + kReset.size());
  offset.remove_prefix(std::min(offset.find_first_of("0123456789"), offset.size()));
  if (!number(line.substr(begin + 2), reset.partition) || !number(offset, reset.from)) return std::nullopt;
  return reset;
}

bool is_connection_failure(int syslog_level, std::string_view facility) {
  return facility == "FAIL" && syslog_level <= 3;
}

}  // namespace millrace::detail::kafka
