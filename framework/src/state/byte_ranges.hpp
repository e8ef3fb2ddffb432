#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::detail {

/// The smallest string that is larger than every string with this prefix; nullopt: there is none.
[[nodiscard]] inline std::optional<std::string> end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::nullopt;
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace millrace::detail
