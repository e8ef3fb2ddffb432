// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

// Writing JSON by hand: the page's answers are large arrays of numbers, for which a tree of values would be slow.
namespace millrace::page::detail {

/// Appends the text as a JSON string with quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& json, std::string_view text);

/// Appends the shortest text that gives the same number. Values that JSON does not have become null.
void append_json_number(std::string& json, double number);

/// The front of the text: at most `max_bytes` bytes, cut between characters, with an ellipsis if something was cut.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t max_bytes);

}  // namespace millrace::page::detail
