// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include "millrace/serde/detail/serde_access.hpp"

namespace millrace {

struct JsonType;
struct JsonEnum;

namespace detail {

/// The argument by which argument-dependent lookup finds the functions of MILLRACE_JSON in the namespace of T. A
/// pointer to T would not do: a pointer to a derived struct converts to one to its base, so the derived struct would be
/// written without its own fields.
template <class T>
struct JsonTag {};

// True for types declared with MILLRACE_JSON or MILLRACE_JSON_ENUM. The macros declare a function in the type's
// namespace, and argument-dependent lookup finds the function.
template <class T>
concept JsonDeclared = std::is_class_v<T> && requires(JsonTag<T> tag) {
  { millrace_json_type(tag) } -> std::same_as<const JsonType&>;
};

template <class T>
concept JsonEnumDeclared = std::is_enum_v<T> && requires(JsonTag<T> tag) {
  { millrace_json_enum(tag) } -> std::same_as<const JsonEnum&>;
};

/// True for types that another header converts to JSON, see nlohmann_json.hpp.
template <class T>
inline constexpr bool kOtherJson = false;

/// True for types of the standard library and of Millrace itself, such as Windowed: their bytes are no JSON objects.
/// Namespaces within millrace, except detail, may be those of a program.
template <class T>
consteval bool is_library_type() {
  std::string_view name = type_name<T>();
  if (name.starts_with("std::")) return true;
  constexpr std::string_view kOurs = "millrace::";
  if (!name.starts_with(kOurs)) return false;
  name.remove_prefix(kOurs.size());
  if (name.starts_with("detail::")) return true;
  name = name.substr(0, name.find('<'));
  return name.find("::") == name.npos && name.find('(') == name.npos;
}

/// True for plain structs without MILLRACE_JSON, whose fields may be found at compile time (json_members.hpp).
/// std::array and its like are left out by std::tuple_size.
template <class T>
concept JsonPlain = std::is_class_v<T> && std::is_aggregate_v<T> && !JsonDeclared<T> && !kOtherJson<T> && !requires {
  sizeof(std::tuple_size<T>);
}
&&!is_library_type<T>();

}  // namespace detail
}  // namespace millrace
