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

/// MILLRACE_JSON(Type, field, ...): makes a struct a JSON object on topics and in stores. One line at namespace scope,
/// in the struct's own namespace, after the struct:
///
///     struct Order { std::string id; double price; std::optional<std::string> note; int retries = 3; };
///     MILLRACE_JSON(Order, id, price, note, (retries, defaulted))
///
/// A field is the member's name, or in parentheses the name and options:
///   (a_id, "A_ID")              its name in JSON
///   (retries, defaulted)        may be missing; keeps then its default member initialiser
///   (retries, "n", defaulted)   both
///
/// Members  numbers, bool, std::string, std::optional, std::vector, std::array, std::map and std::unordered_map with
///          std::string keys, other declared structs, enums (MILLRACE_JSON_ENUM), your own (JsonCodec);
///          nlohmann::json with nlohmann_json.hpp
/// Reading  in any order, fields that are not declared are ignored (and checked no further than their brackets), of a
///          name that comes twice the last one counts. A missing field is an error, unless it is an optional (missing
///          or null: nullopt) or defaulted. An integer is fine where a floating-point number is expected, not the
///          other way round.
/// Writing  in the order of declaration, without spaces; an optional that is empty is left out.
/// Errors   SerializationException naming the field's path, what was expected and found, and the position
/// Limits   256 fields, kMaxJsonDepth levels, documents below 4 GB
#define MILLRACE_JSON(Type, ...)                                                                   \
  [[maybe_unused]] inline const ::millrace::JsonType& millrace_json_type(const Type* /*type*/) {   \
    using MillraceSelf [[maybe_unused]] = Type;                                                    \
    using namespace ::millrace::json_options;                                                      \
    static constexpr auto kFields =                                                                \
        ::millrace::detail::json_fields(MILLRACE_DETAIL_LIST(MILLRACE_DETAIL_FIELD, __VA_ARGS__)); \
    static_assert(::millrace::detail::names_differ(kFields),                                       \
                  "MILLRACE_JSON(" #Type ", ...): two fields have the same JSON name");            \
    static constexpr ::millrace::JsonType kType = ::millrace::detail::json_type(#Type, kFields);   \
    return kType;                                                                                  \
  }                                                                                                \
  static_assert(::millrace::detail::JsonDeclared<Type>,                                            \
                "MILLRACE_JSON(" #Type ", ...) must stand in the namespace of the struct");

/// MILLRACE_JSON_ENUM(Type, enumerator, (other, "NAME"), ...): an enum as a JSON string, for members of declared
/// structs. Stands in the namespace of the enum. A string or a value that is not listed is a SerializationException.
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

/// Parses `bytes` and hands the reader, at the document's root, to `read`. Thread-safe.
void read_json(std::string_view bytes, FunctionRef<void(JsonReader&)> read);

/// A document whose root is a declared struct: no callbacks on the way.
void read_json(std::string_view bytes, const JsonType& type, void* object);
void write_json(std::string& out, const JsonType& type, const void* object);

}  // namespace detail

/// T as JSON, for any T that MILLRACE_JSON takes as a member. Throws SerializationException.
template <class T>
[[nodiscard]] std::string to_json_string(const T& value) {
  std::string out;
  JsonWriter writer(out);
  JsonCodec<T>::write(writer, value);
  writer.finish();
  return out;
}

/// The T that `json` describes; its root must be an object or an array. Throws SerializationException.
template <class T>
[[nodiscard]] T from_json_string(std::string_view json) {
  T value{};
  detail::read_json(json, [&](JsonReader& reader) { JsonCodec<T>::read(reader, value); });
  return value;
}

/// JSON for any T that MILLRACE_JSON takes as a member and that is an object or an array, e.g.
/// JsonSerde<std::vector<Order>>, where Serde<std::vector<Order>> would be Kafka's list format.
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

template <detail::JsonDeclared T>
struct Serde<T> : JsonSerde<T> {};

}  // namespace millrace
