// SPDX-License-Identifier: Apache-2.0
#include "common/log_seldom.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace millrace::detail {
namespace {

using SteadyClock = std::chrono::steady_clock;
/// How long a subject stays silent after one of its lines was written.
constexpr auto kQuietTime = std::chrono::seconds(30);
/// Bounds the memory for subjects. When the limit is reached, all subjects are forgotten and may log again.
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

}  // namespace millrace::detail
