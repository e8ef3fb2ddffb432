// SPDX-License-Identifier: Apache-2.0
#include "retry_after.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

namespace millrace::connect::detail {
namespace {

constexpr std::int64_t kMsPerSecond = 1000;
/// A year: longer waits are the same to everybody.
constexpr std::int64_t kLongestSeconds = 365LL * 24 * 3600;

}  // namespace

std::optional<Millis> parse_retry_after(std::string_view text, Timestamp now) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t seconds = kLongestSeconds;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (result.ec != std::errc()) seconds = kLongestSeconds;  // out of range
    return Millis(std::min(seconds, kLongestSeconds) * kMsPerSecond);
  }
  const auto date = curl_getdate(std::string(text).c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return Millis(std::clamp<std::int64_t>((static_cast<std::int64_t>(date) * kMsPerSecond) - now, 0,
                                         kLongestSeconds * kMsPerSecond));
}

}  // namespace millrace::connect::detail
