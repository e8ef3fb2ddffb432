#pragma once

#include <concepts>
#include <type_traits>

namespace millrace {

struct JsonType;
struct JsonEnum;

namespace detail {

// True for types declared with MILLRACE_JSON or MILLRACE_JSON_ENUM. The macros declare a function in the type's
// namespace, and argument-dependent lookup finds the function.
template <class T>
concept JsonDeclared = std::is_class_v<T> && requires(const T* type) {
  { millrace_json_type(type) } -> std::same_as<const JsonType&>;
};

template <class T>
concept JsonEnumDeclared = std::is_enum_v<T> && requires(const T* type) {
  { millrace_json_enum(type) } -> std::same_as<const JsonEnum&>;
};

}  // namespace detail
}  // namespace millrace
