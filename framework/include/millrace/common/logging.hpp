#pragma once

#include <string>
#include <string_view>

namespace millrace {

enum class LogLevel { trace, debug, info, warn, error, off };

/// Writes one line to standard error through the process-wide logger: time, level, thread, text. Thread-safe.
void log(LogLevel level, std::string_view text);

/// Lines below this level are dropped. Default: info. Thread-safe.
void set_log_level(LogLevel level);
[[nodiscard]] bool log_enabled(LogLevel level);

}  // namespace millrace
