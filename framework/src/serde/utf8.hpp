#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::detail {

/// Thread-safe; a few ns for short text.
[[nodiscard]] bool is_utf8(std::string_view bytes);

/// The index of the first byte that belongs to no well-formed UTF-8 sequence; the size if there is none.
[[nodiscard]] std::size_t first_invalid_utf8(std::string_view bytes);

/// The first `limit` bytes on one line for an error text: control characters and invalid UTF-8 become '?',
/// a sequence is never cut in two, and "..." follows if there is more.
[[nodiscard]] std::string excerpt(std::string_view bytes, std::size_t limit = 80);

}  // namespace millrace::detail
