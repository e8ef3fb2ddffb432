// SPDX-License-Identifier: Apache-2.0
#include "json_document.hpp"

#include <algorithm>
#include <cstring>

#include "millrace/common/errors.hpp"
#include "utf8.hpp"

namespace millrace::detail {
namespace {

/// The smallest buffer, in bytes. Most records fit into it, so a thread allocates once.
constexpr std::size_t kSmallest = 4096;

constexpr std::string_view kWhiteSpace = " \t\n\r";  // JSON's

/// Removes JSON white space from the end. simdjson's raw tokens include the white space after them.
std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

/// Describes a value that was found where another type was expected. The first character tells a value's type.
std::string found(std::string_view token) {
  switch (token.empty() ? '\0' : token[0]) {
    case '"': return "a string";
    case '{': return "an object";
    case '[': return "an array";
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return "the number " + excerpt(token, 40);
    default: break;
  }
  if (token == "true" || token == "false") return "a boolean";
  if (token == "null") return "null";
  return "'" + excerpt(token, 20) + "'";
}

/// Describes a syntax error. Replaces simdjson's text where it is vague or names simdjson's internals.
std::string problem(simdjson::error_code error) {
  switch (error) {
    case simdjson::TAPE_ERROR: return "a comma, colon, name, quote or bracket is missing or misplaced";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return "a bracket is not closed, or something follows the document";
    case simdjson::UNCLOSED_STRING: return "a string is not closed";
    case simdjson::UNESCAPED_CHARS: return "a control character within a string";
    case simdjson::STRING_ERROR: return "a broken escape in a string";
    default: return simdjson::error_message(error);
  }
}

}  // namespace

// The bytes are copied, because simdjson needs readable bytes beyond the end. A copy costs much less than parsing.
void JsonDocument::open(std::string_view bytes, bool in_array) {
  const std::size_t size = bytes.size() + (in_array ? 2 : 0);
  // A null buffer is that of a new thread, or of a huge document that has given its memory back.
  if (buffers_.capacity < size || buffers_.padded == nullptr) {
    // Grows by half, so that slowly growing documents do not allocate each time.
    std::size_t capacity = std::max(kSmallest, size + size / 2);
    buffers_.padded = std::make_unique_for_overwrite<char[]>(capacity + simdjson::SIMDJSON_PADDING);
    buffers_.capacity = capacity;
    if (auto error = buffers_.parser.allocate(capacity)) {
      // The next document allocates again.
      buffers_.capacity = 0;
      throw SerializationException("JSON: a document of " + std::to_string(bytes.size()) + " bytes: " + problem(error));
    }
  }
  // The copy lives until the next document of this thread.
  char* begin = buffers_.padded.get();
  char* text = in_array ? begin + 1 : begin;
  if (!bytes.empty()) std::memcpy(text, bytes.data(), bytes.size());
  if (in_array) {
    *begin = '[';
    text[bytes.size()] = ']';
  }
  // simdjson reads up to SIMDJSON_PADDING bytes beyond the end.
  std::memset(begin + size, 0, simdjson::SIMDJSON_PADDING);
  text_ = {text, bytes.size()};

  auto error = buffers_.parser.iterate(begin, size, size + simdjson::SIMDJSON_PADDING).get(document_);
  if (!error) [[likely]]
    return;
  // These errors concern the document as a whole, so there is no field to name.
  if (error == simdjson::EMPTY) throw SerializationException("JSON: expected a document, found only white space");
  if (error == simdjson::UTF8_ERROR) fail_at(text + first_invalid_utf8(text_), "not UTF-8");
  throw SerializationException("JSON: " + problem(error) + ", in '" + excerpt(text_) + "'");
}

void JsonDocument::finish() {
  // OUT_OF_BOUNDS means that the parser is at the end of the document.
  if (document_.current_location().error() == simdjson::OUT_OF_BOUNDS) [[likely]]
    return;
  fail_trailing();
}

void JsonDocument::fail_trailing() {
  auto position = document_.current_location();
  fail_at(position.error() ? nullptr : position.value_unsafe(), "expected the end of the document");
}

// simdjson has other functions for a scalar at the root than for one in an array or object. So a document that is a
// scalar is read as the only element of an array.
void JsonDocument::read_root(std::string_view bytes, FunctionRef<void(JsonReader&)> read) {
  const std::size_t start = bytes.find_first_not_of(kWhiteSpace);
  const bool is_scalar = start != std::string_view::npos && bytes[start] != '{' && bytes[start] != '[';
  open(bytes, is_scalar);
  if (!is_scalar) {
    read(*this);
    finish();
    return;
  }
  bool was_read = false;
  for (auto result : array()) {
    if (was_read || result.error()) fail_trailing();
    value = &result.value_unsafe();
    read(*this);
    value = nullptr;
    was_read = true;
  }
  // The text may have a closing bracket, which ended the array before its own one.
  finish();
}

simdjson::ondemand::object JsonDocument::object() {
  simdjson::ondemand::object result;
  // The root is a document and not a value; simdjson has no common type for both.
  auto error = value == nullptr ? document_.get_object().get(result) : value->get_object().get(result);
  if (error) [[unlikely]]
    fail_value(error, "an object");
  return result;
}

simdjson::ondemand::array JsonDocument::array() {
  simdjson::ondemand::array result;
  auto error = value == nullptr ? document_.get_array().get(result) : value->get_array().get(result);
  if (error) [[unlikely]]
    fail_value(error, "an array");
  return result;
}

std::string_view JsonDocument::token() {
  if (value != nullptr) return trimmed(value->raw_json_token());
  // The root: its text is that of the whole document.
  std::size_t start = text_.find_first_not_of(kWhiteSpace);
  return trimmed(text_.substr(std::min(start, text_.size())));
}

void JsonDocument::fail_value(simdjson::error_code error, const std::string& expected) {
  std::string_view text = token();
  char first = text.empty() ? '\0' : text[0];
  // The value has the expected type and is still an error: cut off, unbalanced, out of range and so on.
  bool same_kind = (first == '{' && expected == "an object") || (first == '[' && expected == "an array") ||
                   (first == '"' && expected == "a string");
  // "Expected a string, found a string" would be no help. Say what is wrong with the string.
  if (same_kind) fail_at(text.data(), problem(error));
  std::string what = found(text);
  if (expected == "a number" && what.starts_with("the number")) {
    fail_at(text.data(), what + " is malformed or out of range");
  }
  fail_at(text.data(), "expected " + expected + ", found " + what);
}

void JsonDocument::fail_syntax(simdjson::error_code error) {
  auto position = document_.current_location();
  fail_at(position.error() ? nullptr : position.value_unsafe(), problem(error));
}

// The path names the missing field, so add it first.
void JsonDocument::fail_missing(const JsonType& type, const JsonField& field) {
  // So that the text names the path of the missing field.
  path.at_field(field.name);
  throw SerializationException("JSON: field \"" + path.text() + "\" of " + std::string(type.name) + " is missing in '" +
                               excerpt(text_) + "'");
}

SerializationException JsonDocument::error_at(const char* position, const std::string& what) const {
  // Every message ends with an excerpt of the document, so that the record can be found.
  std::string text = "JSON: " + subject() + what;
  if (position >= text_.data() && position <= text_.data() + text_.size()) {
    // Counted in the input, because the copy has the same offsets.
    text += ", at byte " + std::to_string(position - text_.data());
  }
  return SerializationException(text + " of '" + excerpt(text_) + "'");
}

void JsonDocument::enter() {
  if (!path.enter()) {
    throw SerializationException("JSON: nested deeper than " + std::to_string(kMaxJsonDepth) + " levels, in '" +
                                 excerpt(text_) + "'");
  }
}

std::string JsonDocument::subject() const {
  std::string field = path.text();
  return field.empty() ? "" : "field \"" + field + "\": ";
}

}  // namespace millrace::detail
