// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::detail {

/// One `key = value` of a `.properties` file, with the number of its first line (from 1).
struct Property {
  std::string key;
  std::string value;
  int line = 0;
};

/// Reads the syntax of `java.util.Properties`: comments (`#`, `!`); the separators `=`, `:` and white space; a
/// backslash at the end of a line, which continues the line; and the escapes `\t \n \r \f \\ \uXXXX`. The text is
/// UTF-8. Returns the properties in the order of the file; a key that is given twice is returned twice. `name` is the
/// file's name for messages. Throws ConfigException that begins with `name:line:`.
[[nodiscard]] std::vector<Property> read_properties(std::istream& in, std::string_view name);

}  // namespace millrace::detail
