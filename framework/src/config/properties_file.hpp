#pragma once

#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::detail {

/// One `key = value` of a `.properties` file, with the line on which it starts (from 1).
struct Property {
  std::string key;
  std::string value;
  int line = 0;
};

/// Reads the syntax of `java.util.Properties`: comments (`#`, `!`), the separators `=`, `:` and white space,
/// a backslash at the end of a line continues it, and the escapes `\t \n \r \f \\ \uXXXX`. Text is UTF-8.
/// In the order of the file; a key given twice comes twice. Throws ConfigException starting with `name:line:`.
[[nodiscard]] std::vector<Property> read_properties(std::istream& in, std::string_view name);

}  // namespace millrace::detail
