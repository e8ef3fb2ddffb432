#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::detail {

/// The length of the valid UTF-8 sequence at the front of `bytes` (Unicode standard, table 3-7). 0: there is none.
[[nodiscard]] std::size_t utf8_sequence(std::string_view bytes);

/// Text from outside as messages show it: what a reader would not see, or what would break the line, is written as an
/// escape. Control characters and bytes that are not UTF-8 become `\x00`; invisible characters, such as a byte order
/// mark, become `\ufeff`. All else stays as it is.
///
/// The first `limit` bytes; "..." follows if there are more. Sequences are never cut.
[[nodiscard]] std::string visible(std::string_view bytes, std::size_t limit = std::string_view::npos);

/// As visible(), but line feeds and tabs stay: for whole lines of a log, which may have a text of several lines.
[[nodiscard]] std::string visible_lines(std::string_view bytes);

}  // namespace millrace::detail
