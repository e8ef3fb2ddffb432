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
#include "millrace/serde/detail/json_type.hpp"
#include "millrace/serde/serde.hpp"

/// MILLRACE_JSON(Type, field, ...) declares a struct as a JSON object, for topics and stores. It is one line at
/// namespace scope, after the struct and in the same namespace:
///
///     struct Order { std::string id; double price; std::optional<std::string> note; int retries = 3; };
///     MILLRACE_JSON(Order, id, price, note, (retries, defaulted))
///
/// A field is the member's name, or the name with options in parentheses:
///   (a_id, "A_ID")              its name in JSON
///   (retries, defaulted)        may be missing; then keeps its default member initialiser
///   (retries, "n", defaulted)   both
///
/// Members  numbers, bool, std::string, std::optional, std::vector, std::array, std::map and std::unordered_map with
///          std::string keys, other declared structs, enums (MILLRACE_JSON_ENUM), your own types (JsonCodec);
///          nlohmann::json with nlohmann_json.hpp
/// Reading  Fields may come in any order. Undeclared fields are ignored; only their brackets are checked. If a name
///          occurs twice, the last one counts. A missing field is an error, unless it is defaulted or an optional
///          (missing or null: nullopt). An integer is accepted where a floating-point number is expected, but not the
///          other way round.
/// Writing  in the order of declaration, without spaces; an empty optional is left out
/// Errors   SerializationException that names the field's path, what was expected, what was found, and the position
/// Limits   256 fields, kMaxJsonDepth levels, documents below 4 GB
#define MILLRACE_JSON(Type, ...)                                                                      \
  [[maybe_unused]] consteval auto millrace_json_fields(const Type* /*type*/) {                        \
    using MillraceSelf [[maybe_unused]] = Type;                                                       \
    using namespace ::millrace::json_options;                                                         \
    return ::millrace::detail::json_fields(MILLRACE_DETAIL_LIST(MILLRACE_DETAIL_FIELD, __VA_ARGS__)); \
  }                                                                                                   \
  [[maybe_unused]] inline const ::millrace::JsonType& millrace_json_type(const Type* /*type*/) {      \
    static constexpr auto kFields = millrace_json_fields(static_cast<const Type*>(nullptr));          \
    static_assert(::millrace::detail::names_differ(kFields),                                          \
                  "MILLRACE_JSON(" #Type ", ...): two fields have the same JSON name");               \
    static constexpr ::millrace::JsonType kType = ::millrace::detail::json_type(#Type, kFields);      \
    return kType;                                                                                     \
  }                                                                                                   \
  static_assert(::millrace::detail::JsonDeclared<Type>,                                               \
                "MILLRACE_JSON(" #Type ", ...) must stand in the namespace of the struct");

/// MILLRACE_JSON_ENUM(Type, enumerator, (other, "NAME"), ...) declares an enum as a JSON string, for members of
/// declared structs. It must be in the namespace of the enum. A string or a value that is not listed is a
/// SerializationException.
#define MILLRACE_JSON_ENUM(Type, ...)                                                            \
  [[maybe_unused]] inline const ::millrace::JsonEnum& millrace_json_enum(const Type* /*type*/) { \
    using MillraceSelf [[maybe_unused]] = Type;                                                  \
    static constexpr ::millrace::JsonEnumerator kEnumerators[] = {                               \
        MILLRACE_DETAIL_LIST(MILLRACE_DETAIL_ENUMERATOR, __VA_ARGS__)};                          \
    static constexpr ::millrace::JsonEnum kType{#Type, kEnumerators};                            \
    return kType;                                                                                \
  }                                                                                              \
  static_assert(::millrace::detail::JsonEnumDeclared<Type>,                                      \
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

/// Writes a T as JSON. T may be any type that can be a member under MILLRACE_JSON. Throws SerializationException.
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

/// A JSON serde for any T that can be a member under MILLRACE_JSON. Examples: JsonSerde<std::vector<Order>> writes a
/// JSON array, while Serde<std::vector<Order>> writes Kafka's list format. JsonSerde<std::string> writes a JSON string
/// with quotes, as ksqlDB does with KEY_FORMAT='JSON'.
template <class T>
class JsonSerde {
 public:
  void serialize(const T& value, std::string& out) const {
    if constexpr (detail::JsonDeclared<T>) {
      detail::write_json(out, millrace_json_type(static_cast<const T*>(nullptr)), &value);
    } else {
      JsonWriter writer(out);
      JsonCodec<T>::write(writer, value);
      writer.finish();
    }
  }

  T deserialize(std::string_view bytes) const {
    T value{};
    if constexpr (detail::JsonDeclared<T>) {
      detail::read_json(bytes, millrace_json_type(static_cast<const T*>(nullptr)), &value);
    } else {
      detail::read_json(bytes, [&](JsonReader& reader) { JsonCodec<T>::read(reader, value); });
    }
    return value;
  }
};

/// The default serde of a declared struct is JSON.
template <detail::JsonDeclared T>
struct Serde<T> : JsonSerde<T> {};

}  // namespace millrace
