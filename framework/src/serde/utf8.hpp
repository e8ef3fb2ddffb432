// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::detail {

/// True if all bytes are valid UTF-8. Takes a few ns for short text. Thread-safe.
[[nodiscard]] bool is_utf8(std::string_view bytes);

/// The index of the first byte that is not part of a valid UTF-8 sequence; the size if all bytes are valid.
[[nodiscard]] std::size_t first_invalid_utf8(std::string_view bytes);

/// The first `limit` bytes of `bytes` for an error message. Escaped as by visible().
[[nodiscard]] std::string excerpt(std::string_view bytes, std::size_t limit = 80);

}  // namespace millrace::detail
