// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// From most to least verbose.
enum class LogLevel { trace, debug, info, warn, error, off };

/// Writes one line to standard error through the logger of the process: time, level, thread, text. Thread-safe.
void log(LogLevel level, std::string_view text);

/// Drops lines below this level. The default is info. Thread-safe.
void set_log_level(LogLevel level);
/// True if log() would write a line of this level. Use it to skip the work of building a text. Thread-safe.
[[nodiscard]] bool log_enabled(LogLevel level);

}  // namespace millrace
