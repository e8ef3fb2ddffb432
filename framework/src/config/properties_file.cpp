// SPDX-License-Identifier: Apache-2.0
#include "config/properties_file.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

#include "millrace/common/errors.hpp"

namespace millrace::detail {
namespace {

/// Java's white space within a line.
constexpr std::string_view kBlank = " \t\f";

// find_first_not_of() gives npos for a text of blanks only, hence the minimum.
std::string_view without_leading_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text;
}

/// True if the line ends with an odd number of backslashes. Then the last backslash escapes the line break. An even
/// number is a row of escaped backslashes.
bool is_continued(std::string_view line) {
  const auto last = line.find_last_not_of('\\');
  const auto backslashes = line.size() - (last == std::string_view::npos ? 0 : last + 1);
  return backslashes % 2 == 1;
}

/// Joins continued lines and skips comments and blank lines.
class LogicalLines {
 public:
  explicit LogicalLines(std::istream& in) : in_(in) {}

  /// Reads the next logical line into `text`, without leading blanks. `first_line` is the number of its first line.
  /// Returns false at the end.
  bool next(std::string& text, int& first_line) {
    // One line of the file, as Java's documentation calls it. A logical line may have several.
    std::string natural;
    while (read(natural)) {
      const auto trimmed = without_leading_blanks(natural);
      // A comment line is never continued, even if it ends with a backslash. Java does the same.
      if (trimmed.empty() || trimmed.front() == '#' || trimmed.front() == '!') continue;
      first_line = number_;
      text = trimmed;
      while (is_continued(text)) {
        // The backslash that escapes the line break.
        text.pop_back();
        // A backslash at the end of the file escapes nothing.
        if (!read(natural)) break;
        // Java drops the indentation of a continued line.
        text += without_leading_blanks(natural);
      }
      return true;
    }
    return false;
  }

 private:
  /// Reads one line of the file. Accepts Windows line ends.
  bool read(std::string& line) {
    if (!std::getline(in_, line)) return false;
    ++number_;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return true;
  }

  std::istream& in_;
  // The number of the line that was read last, from 1.
  int number_ = 0;
};

/// Appends a code point as UTF-8. Java reads properties files as Latin-1 and has only these escapes for other
/// characters; files may also contain UTF-8 here.
void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

/// The number in the four hex digits at `at`; nullopt if there are none.
std::optional<std::uint32_t> utf16_unit(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  std::uint32_t unit = 0;
  const char* const end = text.data() + at + 4;
  // Exactly four digits: fewer would make the end of the escape unclear.
  const auto [stop, error] = std::from_chars(text.data() + at, end, unit, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return unit;
}

// UTF-16 encodes characters beyond U+FFFF as a pair of a high and a low surrogate.
constexpr bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
constexpr bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

/// Appends the character of a `\uXXXX` escape, or of two escapes that form a surrogate pair. `at` is the position of
/// the first hex digit. Returns the position behind the escape, or nullopt if it is malformed.
std::optional<std::size_t> append_unicode(std::string& out, std::string_view text, std::size_t at) {
  const auto unit = utf16_unit(text, at);
  if (!unit || is_low_surrogate(*unit)) return std::nullopt;
  if (!is_high_surrogate(*unit)) {
    append_utf8(out, *unit);
    return at + 4;
  }
  // A high surrogate without a low one is not a character.
  if (text.substr(at + 4, 2) != "\\u") return std::nullopt;
  const auto low = utf16_unit(text, at + 6);
  if (!low || !is_low_surrogate(*low)) return std::nullopt;
  append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
  return at + 10;
}

/// As in Java, a backslash before any other character is dropped.
char unescaped(char c) {
  switch (c) {
    case 't': return '\t';
    case 'n': return '\n';
    case 'r': return '\r';
    case 'f': return '\f';
    default: return c;
  }
}

/// Replaces the escapes. `place` is `name:line`, for the message.
std::string unescape(std::string_view text, std::string_view place) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
    } else if (text[++i] != 'u') {
      out += unescaped(text[i]);
    } else if (const auto behind = append_unicode(out, text, i + 1)) {
      // The loop adds 1.
      i = *behind - 1;
    } else {
      throw ConfigException(std::string(place) + ": malformed \\uXXXX escape: write four hex digits (a character " +
                            "beyond U+FFFF as a surrogate pair), or the character itself in UTF-8");
    }
  }
  return out;
}

/// The length of the key in bytes: up to the first separator that is not escaped.
std::size_t key_length(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '=' || text[i] == ':' || kBlank.find(text[i]) != std::string_view::npos) {
      return i;
    }
  }
  return text.size();
}

}  // namespace

std::vector<Property> read_properties(std::istream& in, std::string_view name) {
  std::vector<Property> properties;
  LogicalLines lines(in);
  std::string text;
  int line = 0;
  while (lines.next(text, line)) {
    const auto place = std::string(name) + ":" + std::to_string(line);
    const std::string_view whole = text;
    // Find the key's end before unescaping, because an escaped separator belongs to the key.
    const auto length = key_length(whole);
    auto rest = without_leading_blanks(whole.substr(length));
    // White space, one separator, white space: "key = value", "key: value" and "key value" are equal.
    if (!rest.empty() && (rest.front() == '=' || rest.front() == ':')) rest = without_leading_blanks(rest.substr(1));
    // Key and value are unescaped after the line was split.
    properties.push_back({unescape(whole.substr(0, length), place), unescape(rest, place), line});
  }
  return properties;
}

}  // namespace millrace::detail
