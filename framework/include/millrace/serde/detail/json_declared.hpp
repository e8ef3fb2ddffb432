#pragma once

#include <concepts>
#include <type_traits>

namespace millrace {

struct JsonType;
struct JsonEnum;

namespace detail {

// Found by argument-dependent lookup: MILLRACE_JSON declares the function beside the struct.
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
