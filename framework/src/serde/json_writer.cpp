// SPDX-License-Identifier: Apache-2.0
#include <fmt/compile.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "millrace/common/errors.hpp"
#include "millrace/serde/json.hpp"
#include "utf8.hpp"

namespace millrace {
namespace {

/// Bytes that suffice for the text of any number. -2.2250738585072014e-308 has 24 characters.
constexpr std::size_t kNumberSize = 40;

/// True if the text is ASCII and needs no escapes. Checks eight characters at a time, because most fields are such text
/// and each is checked.
bool is_plain_ascii(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  // Bit tricks on eight bytes at once: the top bit of a byte is set if the byte is not ASCII, is a control character, a
  // quote or a backslash.
  auto has_special = [](std::uint64_t word) {
    auto has_zero = [](std::uint64_t x) { return (x - kOnes) & ~x & kHighs; };
    return ((word & kHighs) | ((word - kOnes * 0x20) & ~word & kHighs) | has_zero(word ^ (kOnes * '"')) |
            has_zero(word ^ (kOnes * '\\'))) != 0;
  };
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    if (has_special(word)) return false;
  }
  if (left == 0) return true;
  // The rest is filled up with harmless characters.
  std::uint64_t word = kOnes * 'x';
  std::memcpy(&word, at, left);
  return !has_special(word);
}

/// Writes the shortest text that reads back as `value`, which must be finite. Returns the end. The layout is that of
/// nlohmann::json: always a point or an exponent; no exponent from 1e-4 up to 1e15. fmt differs in two cases, which are
/// handled here.
template <class Number>
char* format_number(Number value, char* out) {
  Number size = std::abs(value);
  // Case 1: fmt writes these without an exponent.
  if (size >= Number(1e15) && size < Number(1e16)) [[unlikely]]
    return std::to_chars(out, out + kNumberSize, value, std::chars_format::scientific).ptr;
  char* end = fmt::format_to(out, FMT_COMPILE("{}"), value);
  // Case 2: fmt writes whole numbers without a point.
  for (const char* at = out; at != end; ++at) {
    if (*at == '.' || *at == 'e') return end;
  }
  *end++ = '.';
  *end++ = '0';
  return end;
}

}  // namespace

// Text is collected in a buffer on the stack. Appending each piece to the string would be slower.
void JsonWriter::flush() {
  out_.append(buffer_.data(), used_);
  // Text is collected in a buffer on the stack, because appending each piece to the string is slower.
  used_ = 0;
}

void JsonWriter::append(std::string_view text) {
  // Too long for the buffer: append it directly.
  if (text.size() > kBufferSize) {
    flush();
    out_.append(text);
    return;
  }
  std::memcpy(room(text.size()), text.data(), text.size());
  used_ += text.size();
}

void JsonWriter::append_escaped(std::string_view text) {
  // JSON must be UTF-8, so other bytes are an error and not written.
  if (!detail::is_utf8(text)) {
    fail("not UTF-8 from byte " + std::to_string(detail::first_invalid_utf8(text)) + " of '" + detail::excerpt(text) +
         "'");
  }
  // Lower case, as nlohmann::json writes them.
  constexpr char kHex[] = "0123456789abcdef";
  // The number of characters that are written already.
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20) continue;
    // Copies the plain text before this character in one piece.
    append(text.substr(done, i - done));
    done = i + 1;
    switch (c) {
      case '"': append("\\\""); break;
      case '\\': append("\\\\"); break;
      case '\b': append("\\b"); break;
      case '\f': append("\\f"); break;
      case '\n': append("\\n"); break;
      case '\r': append("\\r"); break;
      case '\t': append("\\t"); break;
      default: {
        // Other control characters.
        const char escape[] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
        append({escape, sizeof escape});
      }
    }
  }
  append(text.substr(done));
}

void JsonWriter::write(bool value) {
  if (field_ != nullptr) [[unlikely]]
    return field_->write(value);
  append(value ? "true" : "false");
}

template <class Number>
void JsonWriter::write_floating(Number value) {
  if (field_ != nullptr) [[unlikely]]
    return field_->write(value);
  if (!std::isfinite(value)) [[unlikely]] {
    fail(std::string(std::isnan(value) ? "NaN" : "infinity") +
         " has no JSON form: use std::optional for values that may be unknown");
  }
  char* begin = room(kNumberSize);
  used_ += static_cast<std::size_t>(format_number(value, begin) - begin);
}

void JsonWriter::write(double value) { write_floating(value); }
void JsonWriter::write(float value) { write_floating(value); }

void JsonWriter::write(std::string_view text) {
  if (field_ != nullptr) [[unlikely]]
    return field_->write(text);
  // The common case: short text without escapes.
  if (text.size() <= kBufferSize - 2 && is_plain_ascii(text)) [[likely]] {
    // One check of the space for the text and both quotes.
    char* at = room(text.size() + 2);
    *at++ = '"';
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at[text.size()] = '"';
    used_ += text.size() + 2;
    return;
  }
  append("\"");
  append_escaped(text);
  append("\"");
}

void JsonWriter::write_integer(std::int64_t value) {
  if (field_ != nullptr) [[unlikely]]
    return field_->write_integer(value);
  char* begin = room(kNumberSize);
  used_ += static_cast<std::size_t>(std::to_chars(begin, begin + kNumberSize, value).ptr - begin);
}

void JsonWriter::write_unsigned(std::uint64_t value) {
  if (field_ != nullptr) [[unlikely]]
    return field_->write_unsigned(value);
  char* begin = room(kNumberSize);
  used_ += static_cast<std::size_t>(std::to_chars(begin, begin + kNumberSize, value).ptr - begin);
}

void JsonWriter::write_enum(const JsonEnum& type, std::int64_t value) {
  // Enums are small, so a linear search is fast enough.
  for (const JsonEnumerator& enumerator : type.enumerators) {
    if (enumerator.value == value) return write(enumerator.name);
  }
  fail("the value " + std::to_string(value) + " is not one of MILLRACE_JSON_ENUM(" + std::string(type.name) + ", ...)");
}

void JsonWriter::write_null() {
  if (field_ != nullptr) [[unlikely]]
    return field_->write_null();
  append("null");
}

// The caller vouches that the text is valid JSON.
void JsonWriter::write_raw(std::string_view json) {
  if (field_ != nullptr) [[unlikely]]
    field_->fail("raw JSON cannot be written to a single field");
  append(json);
}

void JsonWriter::write_object(const JsonType& type, const void* object) {
  open('{');
  for (const JsonField& field : type.fields) {
    // An empty optional is left out. Readers accept a missing field for an optional.
    if (field.absent != nullptr && field.absent(object)) continue;
    // The common case in one piece: comma, name, colon.
    if (field.plain_name) [[likely]] {
      path_.at_field(field.name);
      char* at = room(field.name.size() + 4);
      if (!first_) *at++ = ',';
      *at++ = '"';
      std::memcpy(at, field.name.data(), field.name.size());
      at += field.name.size();
      *at++ = '"';
      *at++ = ':';
      first_ = false;
      used_ = static_cast<std::size_t>(at - buffer_.data());
    } else {
      key(field.name);
    }
    field.write(*this, object);
  }
  close('}');
}

void JsonWriter::begin_object() { open('{'); }
void JsonWriter::end_object() { close('}'); }
void JsonWriter::begin_array() { open('['); }
void JsonWriter::end_array() { close(']'); }

// The name is recorded before the value is written, so that an error names the right field.
void JsonWriter::key(std::string_view name) {
  path_.at_field(name);
  comma();
  write(name);
  append(":");
}

void JsonWriter::next_element() {
  (void)path_.next_index();
  comma();
}

void JsonWriter::open(char bracket) {
  if (field_ != nullptr) [[unlikely]]
    field_->fail(std::string(bracket == '{' ? "an object" : "an array") + " cannot be written to a single field");
  if (!path_.enter()) fail("nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
  *room(1) = bracket;
  ++used_;
  // No comma before the first member.
  first_ = true;
}

// After a closing bracket the next member needs a comma.
void JsonWriter::close(char bracket) {
  path_.leave();
  *room(1) = bracket;
  ++used_;
  first_ = false;
}

void JsonWriter::comma() {
  if (!first_) append(",");
  first_ = false;
}

void JsonWriter::fail(const std::string& what) const {
  if (field_ != nullptr) field_->fail(what);
  // Without a field, the error concerns the root.
  std::string field = path_.text();
  throw SerializationException("JSON: " + (field.empty() ? "" : "field \"" + field + "\": ") + what);
}

namespace detail {

void write_json(std::string& out, const JsonType& type, const void* object) {
  JsonWriter writer(out);
  writer.write_object(type, object);
  writer.finish();
}

}  // namespace detail
}  // namespace millrace
