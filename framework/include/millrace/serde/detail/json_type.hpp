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

/// One member of a declared struct. `object` is a pointer to the struct. All tables are constants in static memory.
struct JsonField {
  std::string_view name;
  void (*read)(JsonReader&, void* object) = nullptr;
  void (*write)(JsonWriter&, const void* object) = nullptr;
  /// If it returns true, the member is left out; nullptr: always written.
  bool (*absent)(const void* object) = nullptr;
  bool required = true;     ///< a missing field is an error
  bool plain_name = true;   ///< the name is short and needs no escaping, so that it can be compared with the raw text
  bool structured = false;  ///< the value is an object or an array, so it does not fit into a field of CSV
};

/// A declared struct.
struct JsonType {
  /// The number of bits in `required`, and of arguments that the macro can take.
  static constexpr std::size_t kMaxFields = 256;

  std::string_view name;
  std::span<const JsonField> fields;
  std::array<std::uint64_t, kMaxFields / 64> required;  ///< one bit per field
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

/// In MILLRACE_JSON(Type, (field, defaulted)): the field may be missing. Then it keeps its default member initialiser.
inline constexpr Defaulted defaulted;

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

// Overloads, one per option: another name in JSON, and `defaulted`.
consteval void apply_option(JsonField& field, const char* name) {
  field.name = name;
  field.plain_name = is_plain_json_name(name);
}
consteval void apply_option(JsonField& field, json_options::Defaulted /*option*/) { field.required = false; }

template <class... Fields>
consteval std::array<JsonField, sizeof...(Fields)> json_fields(Fields... fields) {
  static_assert(sizeof...(Fields) <= JsonType::kMaxFields, "MILLRACE_JSON: more than 256 fields");
  return {fields...};
}

/// True if no two fields have the same name. The macro checks this when the program is compiled.
consteval bool names_differ(std::span<const JsonField> fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (fields[i].name == fields[j].name) return false;
    }
  }
  return true;
}

/// Makes the table of a struct, with the bits of its required fields.
consteval JsonType json_type(std::string_view name, std::span<const JsonField> fields) {
  JsonType type{name, fields, {}};
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
