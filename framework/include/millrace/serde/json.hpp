// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/serde/detail/json_codec.hpp"
#include "millrace/serde/detail/json_declared.hpp"
#include "millrace/serde/detail/json_macro.hpp"
#include "millrace/serde/detail/json_table.hpp"
#include "millrace/serde/detail/json_type.hpp"
#include "millrace/serde/serde.hpp"

/// A struct is a JSON object, in topics and stores. (Kafka Streams: a serde of the user's own, mostly on Jackson.)
///
/// A plain struct needs nothing but this header: its fields are found at compile time, and their names are their names
/// in JSON.
///
///     struct Order { std::string id; double price = 0; std::optional<std::string> note; };
///     Order order = millrace::from_json_string<Order>(R"({"id":"o1","price":2.5})");
///
/// A plain struct is an aggregate with default values, also a local one or a template: without constructors, base
/// classes, private members, members that are C arrays (use std::array), const or references, and with 1 to 64 fields.
/// Types of the namespaces std and millrace are none. Bit-fields and anonymous unions cannot be told from fields: a
/// struct that contains them must be declared, or must have a specialisation of Serde.
///
/// MILLRACE_JSON(Type, argument, ...) declares any struct or class with a default constructor, with other names and
/// options. It is one line at namespace scope, after the struct, in the same namespace, and before the first use:
///
///     struct Order { std::string id; double price; std::optional<std::string> note; int retries = 3; };
///     MILLRACE_JSON(Order, id, price, note, (retries, defaulted))
///
/// An argument is a field: the member's name, or the name with options in parentheses:
///   (a_id, "A_ID")              its name in JSON
///   (retries, defaulted)        may be missing; then keeps its default member initialiser
///   (retries, "n", defaulted)   both
///   (id, required)              must be there, in lenient structs too
/// or an option of the struct:
///   inherits(Base)              all fields of the base class Base, in this place. Base is declared or plain. Its
///                               options `lenient` and `write_nulls` hold for Type too. A struct that is derived from
///                               a declared one, and is not declared itself, has no JSON form.
///   lenient                     reads what ksqlDB's JSON format reads, see below
///   write_nulls                 writes an empty optional field as null, as ksqlDB does
/// (lenient) in parentheses is a field of this name.
///
/// Members  numbers, bool, std::string, std::optional, std::vector, std::array, std::map and std::unordered_map with
///          std::string keys, other structs, enums (MILLRACE_JSON_ENUM), your own types (JsonCodec); nlohmann::json
///          with nlohmann_json.hpp
/// Reading  Fields may come in any order. Undeclared fields are ignored; only their brackets are checked. If a name
///          occurs twice, the last one counts. A missing field is an error, unless it is defaulted or an optional
///          (missing or null: nullopt). An integer is accepted where a floating-point number is expected, but not the
///          other way round. A default member initialiser alone does not make a field defaulted.
/// Lenient  These rules hold for the fields of the struct and for the elements of their vectors and maps, but not for
///          structs inside it, which have options of their own.
///          - A field may be missing or null. Then it keeps its default member initialiser; null empties an optional.
///          - Names are compared without regard to the case of ASCII letters. If the document has the exact name too,
///            the exact one counts.
///          - A number may stand in a string: "3" for an integer; "0.5", "NaN" and "-Infinity" for a double.
///          - An integer may be written as 3.0 or 3e2. As in ksqlDB, a fraction is cut off: 3.7 is read as 3.
///          - A string takes any value: numbers as they are written, true, an object as JSON without white space, an
///            array as Java prints a list: [a, b].
///          An integer out of range and a double out of range are errors; ksqlDB keeps the low bits of the one, and
///          reads the other as infinity.
/// Writing  in the order of declaration, without spaces; an empty optional is left out
/// Errors   SerializationException that names the field's path, what was expected, what was found, and the position
/// Limits   256 fields, kMaxJsonDepth levels, documents below 4 GB
#define MILLRACE_JSON(Type, ...)                                                                                       \
  MILLRACE_DETAIL_OUTSIDE_OF_FUNCTIONS("MILLRACE_JSON(" #Type                                                          \
                                       ", ...) must stand outside of functions. The fields of "                        \
                                       "a plain struct within a function are found without it");                       \
  [[maybe_unused]] consteval auto millrace_json_table(::millrace::detail::JsonTag<Type> /*type*/) {                    \
    using MillraceSelf [[maybe_unused]] = Type;                                                                        \
    using namespace ::millrace::json_options;                                                                          \
    return ::millrace::detail::json_table(MILLRACE_DETAIL_LIST(MILLRACE_DETAIL_ARGUMENT, Type, __VA_ARGS__));          \
  }                                                                                                                    \
  [[maybe_unused]] inline const ::millrace::JsonType& millrace_json_type(::millrace::detail::JsonTag<Type> type) {     \
    static constexpr auto kTable = millrace_json_table(type);                                                          \
    static_assert(::millrace::detail::names_differ(kTable.fields, kTable.lenient),                                     \
                  "MILLRACE_JSON(" #Type ", ...): two fields have the same JSON name");                                \
    static constexpr ::millrace::JsonType kType = ::millrace::detail::json_type(#Type, kTable.fields, kTable.lenient); \
    return kType;                                                                                                      \
  }                                                                                                                    \
  static_assert(::millrace::detail::JsonDeclared<Type>,                                                                \
                "MILLRACE_JSON(" #Type ", ...) must stand in the namespace of the struct, before the struct is used");

/// MILLRACE_JSON_ENUM(Type, enumerator, (other, "NAME"), ...) declares an enum as a JSON string, for members of
/// declared structs. It must be in the namespace of the enum. A string or a value that is not listed is a
/// SerializationException.
#define MILLRACE_JSON_ENUM(Type, ...)                                                                                  \
  MILLRACE_DETAIL_OUTSIDE_OF_FUNCTIONS("MILLRACE_JSON_ENUM(" #Type ", ...) must stand outside of functions");          \
  [[maybe_unused]] inline const ::millrace::JsonEnum& millrace_json_enum(::millrace::detail::JsonTag<Type> /*type*/) { \
    using MillraceSelf [[maybe_unused]] = Type;                                                                        \
    static constexpr ::millrace::JsonEnumerator kEnumerators[] = {                                                     \
        MILLRACE_DETAIL_LIST(MILLRACE_DETAIL_ENUMERATOR, Type, __VA_ARGS__)};                                          \
    static constexpr ::millrace::JsonEnum kType{#Type, kEnumerators};                                                  \
    return kType;                                                                                                      \
  }                                                                                                                    \
  static_assert(::millrace::detail::JsonEnumDeclared<Type>,                                                            \
                "MILLRACE_JSON_ENUM(" #Type ", ...) must stand in the namespace of the enum");

namespace millrace {
namespace detail {

/// Parses `bytes` and calls `read` with a reader at the root of the document. Thread-safe.
void read_json(std::string_view bytes, FunctionRef<void(JsonReader&)> read);

/// Faster versions for documents whose root is a declared struct: they work from the table of fields, without
/// callbacks. `object` points to a struct of this type.
void read_json(std::string_view bytes, const JsonType& type, void* object);
void write_json(std::string& out, const JsonType& type, const void* object);

}  // namespace detail

/// Writes a T as JSON. T may be any type that can be a member of a struct, see MILLRACE_JSON. Throws
/// SerializationException.
template <class T>
[[nodiscard]] std::string to_json_string(const T& value) {
  std::string out;
  JsonWriter writer(out);
  JsonCodec<T>::write(writer, value);
  writer.finish();
  return out;
}

/// Reads a T from JSON. The root may be any JSON value, also a string, a number, a boolean or null. Throws
/// SerializationException.
template <class T>
[[nodiscard]] T from_json_string(std::string_view json) {
  T value{};
  detail::read_json(json, [&](JsonReader& reader) { JsonCodec<T>::read(reader, value); });
  return value;
}

/// A JSON serde for any T that can be a member of a struct, see MILLRACE_JSON. Examples: JsonSerde<std::vector<Order>>
/// writes a JSON array, while Serde<std::vector<Order>> writes Kafka's list format. JsonSerde<std::string> writes a
/// JSON string with quotes, as ksqlDB does with KEY_FORMAT='JSON'.
template <class T>
class JsonSerde {
 public:
  /// See StoredType::encoding.
  static constexpr std::string_view kEncoding = "JSON";

  void serialize(const T& value, std::string& out) const {
    if constexpr (detail::JsonTabled<T>) {
      detail::write_json(out, detail::json_type_of<T>(), &value);
    } else {
      JsonWriter writer(out);
      JsonCodec<T>::write(writer, value);
      writer.finish();
    }
  }

  T deserialize(std::string_view bytes) const {
    T value{};
    if constexpr (detail::JsonTabled<T>) {
      detail::read_json(bytes, detail::json_type_of<T>(), &value);
    } else {
      detail::read_json(bytes, [&](JsonReader& reader) { JsonCodec<T>::read(reader, value); });
    }
    return value;
  }
};

/// The default serde of a struct is JSON.
template <detail::JsonStruct T>
struct Serde<T> : JsonSerde<T> {};

}  // namespace millrace
