// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/buy_notifier/duration.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

#include "millrace/common/errors.hpp"

namespace buy_signals {

millrace::Millis parse_duration(const std::string& option, const std::string& text) {
  using std::chrono::milliseconds;
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> kUnits{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  constexpr std::int64_t kLongest = 365LL * 86'400'000;
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error == std::errc() && number == 0 && unit.empty()) return millrace::Millis(0);
  for (const auto& [name, factor] : kUnits) {
    if (error == std::errc() && number >= 0 && unit == name && number <= kLongest / factor) {
      return milliseconds(number * factor);
    }
  }
  throw millrace::ConfigException(option + " '" + text + "' is not a time such as 30s, 10m or 1h, up to 365d");
}

}  // namespace buy_signals
