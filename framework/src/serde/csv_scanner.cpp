// SPDX-License-Identifier: Apache-2.0
#include "csv_scanner.hpp"

#include <array>

#include "millrace/common/errors.hpp"
#include "utf8.hpp"

namespace millrace {
namespace {

bool is_line_break(char c) { return c == '\n' || c == '\r'; }

/// White space of ASCII, as in Java's Character.isWhitespace.
bool is_blank(char c) { return (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= ' '); }

void check_character(char c, const char* what) {
  const auto code = static_cast<unsigned char>(c);
  if (is_line_break(c) || code == 0 || code >= 0x80) {
    throw ConfigException(std::string("CSV: the ") + what + " '" + detail::excerpt({&c, 1}) +
                          "' cannot be used: it must be an ASCII character and not a line break");
  }
}

}  // namespace

char CsvOptions::parse_delimiter(std::string_view setting) {
  if (setting == "TAB") return '\t';
  if (setting == "SPACE") return ' ';
  if (setting.size() != 1) {
    throw ConfigException("CSV: the delimiter '" + detail::excerpt(setting, 40) +
                          "' is not one ASCII character, SPACE or TAB");
  }
  check_character(setting[0], "delimiter");
  return setting[0];
}

namespace detail {

void check_csv_options(const CsvOptions& options) {
  check_character(options.delimiter, "delimiter");
  check_character(options.quote, "quote");
  if (options.delimiter == options.quote) {
    throw ConfigException("CSV: '" + excerpt({&options.quote, 1}) +
                          "' is both the delimiter and the quote: choose another character for one of them");
  }
}

bool CsvScanner::pass_line_break() {
  if (at_end() || !is_line_break(present())) return false;
  // CR LF is one line break.
  at_.byte += text_.substr(at_.byte).starts_with("\r\n") ? 2 : 1;
  ++at_.line;
  return true;
}

bool CsvScanner::next_record() {
  while (pass_line_break()) {
  }
  if (at_end()) return false;
  read_field();
  return true;
}

bool CsvScanner::next_field() {
  if (!more_) return false;
  read_field();
  return true;
}

void CsvScanner::read_field() {
  field_place_ = at_;
  if (!at_end() && present() == options_.quote) {
    read_quoted();
  } else {
    const std::array<char, 3> ends = {options_.delimiter, '\n', '\r'};
    const std::size_t end = text_.find_first_of({ends.data(), ends.size()}, at_.byte);
    field_ = text_.substr(at_.byte, end - at_.byte);
    at_.byte += field_.size();
  }
  more_ = !at_end() && present() == options_.delimiter;
  if (more_) {
    ++at_.byte;
  } else {
    pass_line_break();
  }
}

void CsvScanner::read_quoted() {
  ++at_.byte;
  unquoted_.clear();
  bool doubled = false;
  for (std::size_t start = at_.byte;;) {
    // A line break inside the field, for the numbers of lines.
    const std::array<char, 3> stops = {options_.quote, '\n', '\r'};
    const std::size_t stop = text_.find_first_of({stops.data(), stops.size()}, at_.byte);
    if (stop == std::string_view::npos) fail(field_place_, "the quote that begins here is not closed");
    at_.byte = stop;
    if (pass_line_break()) continue;
    ++at_.byte;
    const std::string_view piece = text_.substr(start, stop - start);
    if (at_end() || present() != options_.quote) {
      // Most fields have no doubled quotes and need no copy.
      field_ = doubled ? std::string_view(unquoted_.append(piece)) : piece;
      break;
    }
    doubled = true;
    unquoted_.append(piece) += options_.quote;
    start = ++at_.byte;
  }
  pass_blanks();
}

void CsvScanner::pass_blanks() {
  while (!at_end() && present() != options_.delimiter && !is_line_break(present())) {
    if (!is_blank(present())) {
      fail(at_, "expected the delimiter or the end of the line behind a closing quote, found '" +
                    excerpt(text_.substr(at_.byte), 20) + "': a quote inside a quoted field must be doubled");
    }
    ++at_.byte;
  }
}

void CsvScanner::fail(Place place, const std::string& what) const {
  throw SerializationException("CSV: line " + std::to_string(place.line) + ", byte " + std::to_string(place.byte) +
                               ": " + what + ", in '" + excerpt(text_) + "'");
}

}  // namespace detail
}  // namespace millrace
