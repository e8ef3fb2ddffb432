// SPDX-License-Identifier: Apache-2.0
#include "utf8.hpp"

#include <simdjson.h>

#include "common/visible.hpp"

namespace millrace::detail {

bool is_utf8(std::string_view bytes) { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

// Only for error texts, so it need not be fast.
std::size_t first_invalid_utf8(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    std::size_t length = utf8_sequence(bytes.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return bytes.size();
}

std::string excerpt(std::string_view bytes, std::size_t limit) { return visible(bytes, limit); }

}  // namespace millrace::detail
