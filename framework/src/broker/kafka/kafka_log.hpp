#pragma once

#include <string_view>

#include "millrace/common/logging.hpp"

namespace millrace::detail::kafka {

/// Writes a line to the log unless the same `subject` was logged within the last 30 s by any client of this process:
/// an outage that lasts must not flood the log. Thread-safe.
void log_seldom(LogLevel level, std::string_view subject, std::string_view text);

/// The level for one of librdkafka's own lines. `syslog_level`: 0 emergency ... 7 debug.
[[nodiscard]] LogLevel log_level_for(int syslog_level, std::string_view facility);

/// True for a line that tells why a connection broke or could not be made.
[[nodiscard]] bool is_connection_failure(int syslog_level, std::string_view facility);

}  // namespace millrace::detail::kafka
