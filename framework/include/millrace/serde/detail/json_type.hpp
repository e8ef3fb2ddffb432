// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "millrace/serde/detail/json_declared.hpp"

// The tables that MILLRACE_JSON builds at compile time. The JSON engine (framework/src/serde) is not a template: it
// works from these tables.
namespace millrace {

class JsonReader;
class JsonWriter;

/// One member of a struct. `object` is a pointer to the struct. All tables are constants in static memory.
struct JsonField {
  std::string_view name;
  void (*read)(JsonReader&, void* object) = nullptr;
  void (*write)(JsonWriter&, const void* object) = nullptr;
  /// If it returns true, the member is left out; nullptr: always written.
  bool (*absent)(const void* object) = nullptr;
  bool required = true;          ///< a missing field is an error
  bool always_required = false;  ///< by the option `required`: also in lenient structs
  bool optional = false;         ///< a std::optional, which reads null itself
  bool plain_name = true;  ///< the name is short and needs no escaping, so that it can be compared with the raw text
  /// Whether the value is an object or an array, so that it does not fit into a field of CSV. A function, because then
  /// GCC does not need the codec of the member's type before CSV asks: the codec may stand behind MILLRACE_JSON.
  bool (*structured)() = nullptr;
};

/// A struct whose fields are declared or found.
struct JsonType {
  /// The number of bits in `required`, and of arguments that the macro can take.
  static constexpr std::size_t kMaxFields = 256;

  std::string_view name;
  std::span<const JsonField> fields;
  std::array<std::uint64_t, kMaxFields / 64> required;  ///< one bit per field
  bool lenient = false;                                 ///< reads what ksqlDB reads
};

/// One enumerator with its name in JSON.
struct JsonEnumerator {
  std::string_view name;
  std::int64_t value;
};

/// A declared enum.
struct JsonEnum {
  std::string_view name;
  std::span<const JsonEnumerator> enumerators;
};

namespace json_options {

struct Defaulted {};
struct Required {};

/// In MILLRACE_JSON(Type, (field, defaulted)): the field may be missing. Then it keeps its default member initialiser.
inline constexpr Defaulted defaulted;
/// In MILLRACE_JSON(Type, lenient, (field, required)): a missing field is an error, and null too unless the field is a
/// std::optional.
inline constexpr Required required;

}  // namespace json_options

namespace detail {

/// True if the name can be compared with the raw text of a document.
consteval bool is_plain_json_name(std::string_view name) {
  if (name.size() > 64) return false;  // the reader's padding allows comparisons of up to 64 bytes
  for (char c : name) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) return false;
  }
  return true;
}

/// Whether the names are equal without regard to the case of ASCII letters.
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
  constexpr auto kLower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (kLower(a[i]) != kLower(b[i])) return false;
  }
  return true;
}

consteval void set_name(JsonField& field, std::string_view name) {
  field.name = name;
  field.plain_name = is_plain_json_name(name);
}

// Overloads, one per option: another name in JSON, `defaulted` and `required`.
consteval void apply_option(JsonField& field, const char* name) { set_name(field, name); }
consteval void apply_option(JsonField& field, json_options::Defaulted /*option*/) { field.required = false; }
consteval void apply_option(JsonField& field, json_options::Required /*option*/) {
  field.required = true;
  field.always_required = true;
}

/// True if no two fields have the same name. In lenient structs, names that differ only in case are the same. The macro
/// checks this when the program is compiled.
consteval bool names_differ(std::span<const JsonField> fields, bool lenient) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (fields[i].name == fields[j].name) return false;
      if (lenient && equal_ignoring_case(fields[i].name, fields[j].name)) return false;
    }
  }
  return true;
}

/// Makes the table of a struct, with the bits of its required fields.
consteval JsonType json_type(std::string_view name, std::span<const JsonField> fields, bool lenient) {
  JsonType type{name, fields, {}, lenient};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].required) type.required[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  return type;
}

/// `name`: the enumerator in the source text. `json_name`: the name in JSON; nullptr: the same.
template <class E>
consteval JsonEnumerator json_enumerator(E value, std::string_view name, const char* json_name = nullptr) {
  return {json_name != nullptr ? std::string_view(json_name) : name, static_cast<std::int64_t>(value)};
}

}  // namespace detail
}  // namespace millrace
