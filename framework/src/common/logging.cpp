// SPDX-License-Identifier: Apache-2.0
#include "millrace/common/logging.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "common/visible.hpp"

namespace millrace {
namespace {

// The public header has its own levels, so that users do not need spdlog.
spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::trace: return spdlog::level::trace;
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

// One logger for the process, on stderr: stdout belongs to the application's output. Made at the first use, because
// static objects may log before main(). Any thread.
spdlog::logger& logger() {
  // Never destroyed, because threads that outlive main() may still log.
  static spdlog::logger& instance = []() -> spdlog::logger& {
    auto* created = new spdlog::logger("millrace", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    created->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-5l%$ [%t] %v");
    // Flush every line, so that the last lines before a crash are not lost.
    created->flush_on(spdlog::level::trace);
    return *created;
  }();
  return instance;
}

}  // namespace

void log(LogLevel level, std::string_view text) {
  if (!log_enabled(level)) return;
  // Many lines have names and values from outside, which may have characters that break a terminal or a log.
  logger().log(to_spdlog(level), detail::visible_lines(text));
}

void set_log_level(LogLevel level) { logger().set_level(to_spdlog(level)); }

bool log_enabled(LogLevel level) { return logger().should_log(to_spdlog(level)); }

}  // namespace millrace
