// SPDX-License-Identifier: Apache-2.0
#include "json_lenient.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace millrace::detail {
namespace {

/// More digits than any integer of 64 bits has.
constexpr std::size_t kTooManyDigits = 21;

/// The first character of the current value, which tells its type. '\0' at the root, which is an object or an array.
char first_character(JsonDocument& document) {
  if (document.value == nullptr) return '\0';
  const std::string_view token = document.token();
  return token.empty() ? '\0' : token[0];
}

bool starts_number(char c) { return c == '-' || (c >= '0' && c <= '9'); }

/// Reads the current value, which is a string.
std::string_view text_of(JsonDocument& document) {
  std::string_view text;
  if (auto error = document.scalar(text)) document.fail_value(error, "a string");
  return text;
}

/// The part of a JSON number before the point, as an integer: 12.9e1 gives 129. Works on the text, because a double
/// would not hold each integer of 64 bits.
std::string whole_part(std::string_view number) {
  const bool negative = number.starts_with('-');
  if (negative) number.remove_prefix(1);
  const std::size_t e = number.find_first_of("eE");
  std::string_view mantissa = number.substr(0, e);
  int exponent = 0;
  if (e != number.npos) {
    std::string_view text = number.substr(e + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto end = std::from_chars(text.data(), text.data() + text.size(), exponent);
    // Too many digits for an int.
    if (end.ec != std::errc()) exponent = text.starts_with('-') ? -1'000'000'000 : 1'000'000'000;
  }
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  std::string digits(mantissa.substr(0, point));
  if (point < mantissa.size()) digits += mantissa.substr(point + 1);
  // The number of digits before the point.
  std::int64_t whole = static_cast<std::int64_t>(point) + exponent;
  const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  digits.erase(0, zeros);
  whole -= static_cast<std::int64_t>(zeros);
  if (digits.empty() || whole <= 0) return "0";
  // Such a number is out of range, and need not be written in full.
  digits.resize(std::min(static_cast<std::size_t>(whole), kTooManyDigits), '0');
  return negative ? "-" + digits : digits;
}

/// Parses all of `text` as an integer. Returns false if it is none, or out of range.
template <class Integer>
bool parse(std::string_view text, Integer& out) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

template <class Integer>
bool coerce_integer(JsonDocument& document, Integer& out) {
  const char first = first_character(document);
  if (first == '"') return parse(text_of(document), out);
  if (!starts_number(first)) return false;
  const std::string_view token = document.token();
  // Checks the syntax, and goes on to the next value.
  double number = 0;
  if (document.scalar(number)) return false;
  return parse(whole_part(token), out);
}

std::string_view without_white_space(std::string_view text) {
  constexpr std::string_view kWhiteSpace = " \t\n\r\f\v";
  const std::size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) + 1 - first);
}

[[noreturn]] void fail_broken(const JsonDocument& document, std::string_view object, simdjson::error_code error) {
  document.fail_at(object.data(), std::string("a broken object: ") + simdjson::error_message(error));
}

/// An object as JSON without white space. read_raw() looks at brackets only, so the text is parsed here.
std::string minified(JsonDocument& document) {
  const std::string_view raw = document.read_raw();
  simdjson::dom::parser parser;
  if (auto error = parser.parse(raw.data(), raw.size()).error()) fail_broken(document, raw, error);
  std::string out(raw.size() + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t size = 0;
  if (auto error = simdjson::minify(raw.data(), raw.size(), out.data(), size)) fail_broken(document, raw, error);
  out.resize(size);
  return out;
}

std::string list_of_texts(JsonDocument& document) {
  std::string out = "[";
  document.read_elements([&](std::size_t index) {
    if (index > 0) out += ", ";
    if (document.read_null()) {
      out += "null";
      return;
    }
    std::string element;
    document.read(element);
    out += element;
  });
  return out + "]";
}

}  // namespace

bool coerce(JsonDocument& document, double& out) {
  if (first_character(document) != '"') return false;
  std::string_view text = without_white_space(text_of(document));
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  if (text == "NaN") {
    number = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity") {
    number = std::numeric_limits<double>::infinity();
  } else {
    // from_chars() would also take "inf" and a second sign.
    if (text.empty() || (text[0] != '.' && !(text[0] >= '0' && text[0] <= '9'))) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return false;
  }
  out = negative ? -number : number;
  return true;
}

bool coerce(JsonDocument& document, std::int64_t& out) { return coerce_integer(document, out); }
bool coerce(JsonDocument& document, std::uint64_t& out) { return coerce_integer(document, out); }

bool coerce(JsonDocument& document, std::string& out) {
  const char first = first_character(document);
  if (first == '{') {
    out = minified(document);
  } else if (first == '[') {
    out = list_of_texts(document);
  } else if (first == 't' || first == 'f') {
    bool value = false;
    if (document.scalar(value)) return false;
    out = value ? "true" : "false";
  } else if (starts_number(first)) {
    const std::string_view token = document.token();
    double number = 0;
    if (document.scalar(number)) return false;
    out = token;
  } else {
    return false;
  }
  return true;
}

std::size_t find_ignoring_case(const JsonType& type, std::size_t expected, std::string_view name, std::size_t unknown) {
  if (expected < type.fields.size() && equal_ignoring_case(type.fields[expected].name, name)) return expected;
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    if (equal_ignoring_case(type.fields[i].name, name)) return i;
  }
  return unknown;
}

}  // namespace millrace::detail
