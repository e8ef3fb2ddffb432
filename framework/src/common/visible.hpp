// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::detail {

/// The length of the valid UTF-8 sequence at the front of `bytes` (Unicode standard, table 3-7). 0: there is none.
[[nodiscard]] std::size_t utf8_sequence(std::string_view bytes);

/// Makes text from outside safe to show in a message. Control characters and bytes that are not UTF-8 are written as
/// `\x00`. Invisible characters, such as a byte order mark, are written as `\ufeff`. All other characters stay
/// unchanged.
///
/// `limit`: the largest number of bytes of the input to show. If the input is longer, "..." follows. UTF-8 sequences
/// are never cut.
[[nodiscard]] std::string visible(std::string_view bytes, std::size_t limit = std::string_view::npos);

/// As visible(), but line feeds and tabs stay unchanged. For log messages, which may have several lines.
[[nodiscard]] std::string visible_lines(std::string_view bytes);

}  // namespace millrace::detail
