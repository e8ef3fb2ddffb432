#include "broker/kafka/kafka_log.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <string>

namespace millrace::detail::kafka {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr auto kQuietTime = std::chrono::seconds(30);
constexpr std::size_t kMaxSubjects = 1000;

}  // namespace

void log_seldom(LogLevel level, std::string_view subject, std::string_view text) {
  if (!log_enabled(level)) return;
  static std::mutex mutex;
  static std::map<std::string, SteadyClock::time_point, std::less<>> last_logged;
  {
    const std::lock_guard lock(mutex);
    const auto now = SteadyClock::now();
    if (const auto found = last_logged.find(subject); found != last_logged.end()) {
      if (now - found->second < kQuietTime) return;
      found->second = now;
    } else {
      if (last_logged.size() >= kMaxSubjects) last_logged.clear();
      last_logged.emplace(subject, now);
    }
  }
  log(level, text);
}

LogLevel log_level_for(int syslog_level, std::string_view facility) {
  // What the calls report themselves, as exceptions or, for lost connections, in our words and not too often; and
  // CONFWARN: a setting meant for all clients is of no use to this one.
  for (const std::string_view told :
       {"FAIL", "ERROR", "TXNERR", "ADDOFFSETS", "GETPID", "ASSIGN", "CONFWARN", "FATAL", "MAXPOLL"}) {
    if (facility == told) return LogLevel::debug;
  }
  if (syslog_level <= 4) return LogLevel::warn;
  return syslog_level <= 6 ? LogLevel::debug : LogLevel::trace;
}

bool is_connection_failure(int syslog_level, std::string_view facility) {
  return facility == "FAIL" && syslog_level <= 3;
}

}  // namespace millrace::detail::kafka
