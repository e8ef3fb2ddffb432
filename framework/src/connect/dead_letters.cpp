// SPDX-License-Identifier: Apache-2.0
#include "connect/dead_letters.hpp"

#include "common/visible.hpp"

namespace millrace::connect::detail {

Headers dead_letter_headers(const Headers& headers, const FailedRecord& failed) {
  Headers all = headers;
  const auto number = [](const auto& value) {
    return value ? std::optional(std::to_string(*value)) : std::optional<std::string>();
  };
  all.add("__connect.errors.topic", std::string(failed.topic));
  all.add("__connect.errors.partition", number(failed.partition));
  all.add("__connect.errors.offset", number(failed.offset));
  all.add("__connect.errors.connector.name", std::string(failed.connector));
  all.add("__connect.errors.exception.message", std::string(failed.reason));
  return all;
}

std::string excerpt(BytesView bytes) {
  constexpr std::size_t kLongest = 200;
  return bytes ? millrace::detail::visible(*bytes, kLongest) : "null";
}

}  // namespace millrace::connect::detail
