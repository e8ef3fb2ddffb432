// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <system_error>

#include "json_document.hpp"
#include "json_lenient.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/serde/json.hpp"
#include "utf8.hpp"

namespace millrace {
namespace {

using detail::JsonDocument;
namespace ondemand = simdjson::ondemand;

/// Refuses half surrogate pairs. simdjson accepts them when they are written as escapes, but the result is not UTF-8.
std::string_view checked(JsonDocument& document, std::string_view unescaped) {
  if (!detail::is_utf8(unescaped)) document.fail("a half surrogate pair");
  return unescaped;
}

/// True if the name at `raw` is the name of `field`. `raw` points behind the opening quote. Compares the escaped text:
/// this is correct for plain names only. May read 64 bytes ahead, which the input's padding allows.
bool has_plain_name(const char* raw, const JsonField& field) {
  return field.plain_name && raw[field.name.size()] == '"' &&
         std::memcmp(raw, field.name.data(), field.name.size()) == 0;
}

/// The index of a field that is not declared.
constexpr std::size_t kUnknown = static_cast<std::size_t>(-1);

/// The index of a field by its unescaped name, or kUnknown. A linear search: it runs only if the expected field does
/// not match.
std::size_t find_by_name(const JsonType& type, std::string_view name) {
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    if (type.fields[i].name == name) return i;
  }
  return kUnknown;
}

/// A field of the document in the struct.
struct FoundField {
  std::size_t index;
  bool exact = true;  ///< the name is equal in case too
};

FoundField find_by_name_as(const JsonType& type, std::size_t expected, std::string_view name, bool lenient) {
  if (!lenient) return {find_by_name(type, name)};
  const std::size_t index = detail::find_ignoring_case(type, expected, name, kUnknown);
  return {index, index != kUnknown && type.fields[index].name == name};
}

/// The document's next field in the struct. Tries the field after the previous one first: most documents have the
/// fields in the order of the declaration.
template <bool Lenient>
FoundField find_field(JsonDocument& document, const JsonType& type, std::size_t expected, ondemand::field& field) {
  const char* raw = field.key().raw();
  if (expected < type.fields.size() && has_plain_name(raw, type.fields[expected])) return {expected};
  const char* end = raw;
  // Not the expected field. Find the end of the name, and look it up without unescaping if it has no escapes.
  while (*end != '"' && *end != '\\') ++end;  // ends at the closing quote at the latest
  if (*end == '"') return find_by_name_as(type, expected, {raw, static_cast<std::size_t>(end - raw)}, Lenient);
  std::string_view name;
  if (auto error = field.unescaped_key().get(name)) document.fail_syntax(error);
  return find_by_name_as(type, expected, checked(document, name), Lenient);
}

/// The set of fields that the document had so far. One bit per declared field.
class SeenFields {
 public:
  void add(std::size_t index) { bits_[index / 64] |= std::uint64_t{1} << (index % 64); }
  [[nodiscard]] bool contain(std::size_t index) const { return (bits_[index / 64] >> (index % 64) & 1) != 0; }

  /// The first required field that is missing, or kUnknown.
  [[nodiscard]] std::size_t first_missing(const JsonType& type) const {
    for (std::size_t word = 0; word * 64 < type.fields.size(); ++word) {
      std::uint64_t missing = type.required[word] & ~bits_[word];
      if (missing != 0) return word * 64 + static_cast<std::size_t>(std::countr_zero(missing));
    }
    return kUnknown;
  }

 private:
  std::array<std::uint64_t, JsonType::kMaxFields / 64> bits_{};
};

/// Reads an object into the struct at `object`. A template, so that strict structs do not pay for the lenient ones.
template <bool Lenient>
void read_fields_as(JsonDocument& document, const JsonType& type, void* object) {
  // Fails if the value is no object.
  ondemand::object fields = document.object();
  document.enter();
  SeenFields seen;
  // Lenient: the fields whose name had the right case. They count before those with another case.
  SeenFields exact;
  std::size_t expected = 0;
  // document.value points to a local variable of this loop, so it must be restored before the function returns.
  ondemand::value* outer = document.value;
  for (auto result : fields) {
    if (result.error()) [[unlikely]]
      document.fail_syntax(result.error());
    // Points into the loop's variable: a copy of a simdjson value is slow, see JsonDocument::value.
    ondemand::field& field = result.value_unsafe();
    const FoundField found = find_field<Lenient>(document, type, expected, field);
    const std::size_t index = found.index;
    // A field that the struct does not have. simdjson skips its value, so fields can be added by newer programs.
    if (index == kUnknown) continue;
    if constexpr (Lenient) {
      if (found.exact) {
        exact.add(index);
      } else if (exact.contain(index)) {
        continue;
      }
    }
    document.value = &field.value();
    // For error texts inside the field.
    document.path.at_field(type.fields[index].name);
    if constexpr (Lenient) {
      expected = index + 1;
      // Null counts as a missing field.
      if (!type.fields[index].optional && document.read_null()) continue;
    }
    type.fields[index].read(document, object);
    seen.add(index);
    expected = index + 1;
  }
  // Back to the value of the enclosing object.
  document.value = outer;
  if (std::size_t index = seen.first_missing(type); index != kUnknown) [[unlikely]]
    document.fail_missing(type, type.fields[index]);
  document.path.leave();
}

void read_fields(JsonDocument& document, const JsonType& type, void* object) {
  const bool outer = document.lenient;
  document.lenient = type.lenient;
  if (type.lenient) [[unlikely]] {
    read_fields_as<true>(document, type, object);
  } else {
    read_fields_as<false>(document, type, object);
  }
  document.lenient = outer;
}

/// Whether conversion of a text to double and then to float may give another float than direct conversion. This happens
/// only if the double is exactly half way between two floats: the number in the text may be slightly larger or smaller.
bool rounds_twice(double number) {
  constexpr std::uint64_t kLostBits = (std::uint64_t{1} << 29) - 1;
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 28;
  // Subnormal floats have fewer bits of precision. The position of the half differs, so every such number is suspected.
  if (std::abs(number) < std::numeric_limits<float>::min()) return number != 0;
  return (std::bit_cast<std::uint64_t>(number) & kLostBits) == kHalf;
}

template <class Number>
std::string range_text(Number min, Number max) {
  return "an integer from " + std::to_string(min) + " to " + std::to_string(max);
}

/// Lends the thread's buffers to one document. A codec may parse a string and so read a document inside another one.
/// Then the inner document gets buffers of its own.
class BorrowedBuffers {
 public:
  BorrowedBuffers() : buffers_(&of_this_thread()) {
    // A document of this thread is being read further up the call stack.
    if (buffers_->in_use) [[unlikely]] {
      own_ = std::make_unique<detail::JsonBuffers>();
      buffers_ = own_.get();
    }
    buffers_->in_use = true;
  }
  ~BorrowedBuffers() {
    /// Buffers up to this size (bytes) are kept for the next document.
    constexpr std::size_t kKept = 1 << 20;
    if (buffers_->capacity > kKept) [[unlikely]]
      *buffers_ = detail::JsonBuffers();  // one huge document must not keep its memory forever
    buffers_->in_use = false;
  }
  BorrowedBuffers(const BorrowedBuffers&) = delete;
  BorrowedBuffers& operator=(const BorrowedBuffers&) = delete;

  [[nodiscard]] detail::JsonBuffers& get() const { return *buffers_; }

 private:
  static detail::JsonBuffers& of_this_thread() {
    thread_local detail::JsonBuffers buffers;
    return buffers;
  }

  detail::JsonBuffers* buffers_;
  std::unique_ptr<detail::JsonBuffers> own_;
};

}  // namespace

// Enums are written by name, so that renumbering them does not change stored records.
std::int64_t JsonReader::read_enum(const JsonEnum& type) {
  std::string name;
  read(name);
  for (const JsonEnumerator& enumerator : type.enumerators) {
    if (enumerator.name == name) return enumerator.value;
  }
  // Only for the error text.
  std::string names;
  for (const JsonEnumerator& enumerator : type.enumerators) {
    names.append(names.empty() ? "\"" : ", \"").append(enumerator.name).append("\"");
  }
  fail("expected one of " + names + ", found \"" + detail::excerpt(name, 40) + "\"");
}

namespace detail {

void JsonDocument::read(bool& out) {
  // In all of these: an error of simdjson means another type or broken text. fail_value() tells which.
  if (auto error = scalar(out)) [[unlikely]]
    fail_value(error, "a boolean");
}

void JsonDocument::read(double& out) {
  if (auto error = scalar(out)) [[unlikely]] {
    if (!lenient || !coerce(*this, out)) fail_value(error, "a number");
  }
}

void JsonDocument::read(float& out) {
  // simdjson parses numbers to double only.
  double number = 0;
  read(number);
  out = static_cast<float>(number);
  if (rounds_twice(number)) [[unlikely]] {
    std::string_view text = token();
    if (text.starts_with('"')) text.remove_prefix(1);  // a lenient struct
    float once = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), once).ec == std::errc()) out = once;
  }
  // A double can be too large for float. Infinity itself is not valid JSON, and comes from a string.
  if (std::isinf(out) && !std::isinf(number)) [[unlikely]]
    fail_value(simdjson::NUMBER_OUT_OF_RANGE, "a number within the range of float");
}

void JsonDocument::read(std::string& out) {
  const std::string_view quoted = token();
  if (quoted.empty() || quoted[0] != '"') [[unlikely]] {
    if (lenient && coerce(*this, out)) return;
    fail_value(simdjson::INCORRECT_TYPE, "a string");
  }
  // Most strings have no escapes. Their text can be copied as it is.
  if (std::memchr(quoted.data(), '\\', quoted.size()) == nullptr) {
    // Only advances the parser. The token has the text already.
    (void)value->get_raw_json_string();
    out.assign(quoted.substr(1, quoted.size() - 2));
    return;
  }
  std::string_view text;
  if (auto error = scalar(text)) [[unlikely]]
    fail_value(error, "a string");
  out.assign(checked(*this, text));
}

// Strict: a number with a fraction or an exponent is refused, even if its value is whole: simdjson reads it as no
// integer.
std::int64_t JsonDocument::read_integer(std::int64_t min, std::int64_t max) {
  std::int64_t number = 0;
  auto error = scalar(number);
  if (error && lenient && coerce(*this, number)) error = simdjson::SUCCESS;
  if (error || number < min || number > max) [[unlikely]]
    fail_value(error, range_text(min, max));
  return number;
}

std::uint64_t JsonDocument::read_unsigned(std::uint64_t max) {
  std::uint64_t number = 0;
  auto error = scalar(number);
  if (error && lenient && coerce(*this, number)) error = simdjson::SUCCESS;
  if (error || number > max) [[unlikely]]
    fail_value(error, range_text(std::uint64_t{0}, max));
  return number;
}

bool JsonDocument::read_null() {
  if (value == nullptr) return false;  // the root is an object or an array
  bool null = false;
  if (auto error = value->is_null().get(null)) [[unlikely]]
    fail_value(error, "a value");
  return null;
}

// For values that are kept as JSON text. The view points into the padded copy and is valid during read_json().
std::string_view JsonDocument::read_raw() {
  const std::string_view text = token();
  std::string_view raw;
  // raw_json() finds the matching bracket without looking at the members.
  if (!text.empty() && text[0] == '{') {
    if (auto error = object().raw_json().get(raw)) fail_syntax(error);
    return raw;
  }
  if (!text.empty() && text[0] == '[') {
    if (auto error = array().raw_json().get(raw)) fail_syntax(error);
    return raw;
  }
  // simdjson advances over a scalar by itself. But it takes a string before a colon for the name of a field, and would
  // skip the field's value too.
  if (!text.empty() && text[0] == '"') {
    if (auto error = value->get_raw_json_string().error()) fail_value(error, "a string");
  }
  return text;
}

void JsonDocument::read_object(const JsonType& type, void* object) { read_fields(*this, type, object); }

void JsonDocument::read_members(FunctionRef<void(std::string_view)> read_member) {
  ondemand::object members = object();
  enter();
  // As in read_fields(): value must not point to a variable of this function after the return.
  ondemand::value* outer = value;
  for (auto result : members) {
    std::string_view name;
    if (result.error()) [[unlikely]]
      fail_syntax(result.error());
    ondemand::field& field = result.value_unsafe();
    if (auto error = field.unescaped_key().get(name)) [[unlikely]]
      fail_syntax(error);
    value = &field.value();
    // The name points into the parser's buffer, which lives as long as the document.
    path.at_field(checked(*this, name));
    read_member(name);
  }
  value = outer;
  path.leave();
}

std::size_t JsonDocument::read_elements(FunctionRef<void(std::size_t)> read_element) {
  ondemand::array elements = array();
  enter();
  ondemand::value* outer = value;
  std::size_t count = 0;
  for (auto result : elements) {
    if (result.error()) [[unlikely]]
      fail_syntax(result.error());
    value = &result.value_unsafe();
    count = path.next_index() + 1;
    read_element(count - 1);
  }
  value = outer;
  path.leave();
  return count;
}

SerializationException JsonDocument::error(const std::string& what) {
  // The position of the current value is where its text begins.
  return error_at(token().data(), what);
}

// For serdes whose root is not a declared struct.
void read_json(std::string_view bytes, FunctionRef<void(JsonReader&)> read) {
  BorrowedBuffers buffers;
  JsonDocument(buffers.get()).read_root(bytes, read);
}

// For structs, without a call through a FunctionRef.
void read_json(std::string_view bytes, const JsonType& type, void* object) {
  BorrowedBuffers buffers;
  JsonDocument document(buffers.get());
  document.open(bytes);
  read_fields(document, type, object);
  document.finish();
}

}  // namespace detail
}  // namespace millrace
