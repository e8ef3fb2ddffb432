// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::detail {

/// The exclusive upper bound of a prefix scan: the smallest string that is greater than every string with this prefix.
/// nullopt: no such string exists, because the prefix is empty or has only 0xff bytes. The scan then has no upper
/// bound.
[[nodiscard]] inline std::optional<std::string> end_of_prefix(std::string_view prefix) {
  // A trailing 0xff cannot be incremented: drop it and increment the byte before it.
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::nullopt;
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace millrace::detail
