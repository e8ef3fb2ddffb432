#pragma once

#include <type_traits>

#include "millrace/dsl/materialized.hpp"
#include "millrace/dsl/named.hpp"
#include "millrace/dsl/table_joined.hpp"

namespace millrace::detail {

template <class T>
struct IsMaterialized : std::false_type {};
template <class KS, class VS>
struct IsMaterialized<BasicMaterialized<KS, VS>> : std::true_type {};

template <class T>
struct IsTableJoined : std::false_type {};
template <class P, class Q>
struct IsTableJoined<BasicTableJoined<P, Q>> : std::true_type {};

/// What may follow the arguments of a table operator, in any order: a Named, a Materialized, a TableJoined.
template <class T>
concept TableOption = std::is_same_v<T, Named> || IsMaterialized<T>::value || IsTableJoined<T>::value;

template <class... Options>
inline constexpr bool kHasMaterialized = (IsMaterialized<Options>::value || ...);

/// The Named among the options, if any.
inline Named named_of() { return {}; }
template <class First, class... Rest>
[[nodiscard]] Named named_of(const First& first, const Rest&... rest) {
  if constexpr (std::is_same_v<First, Named>) {
    return first;
  } else {
    return named_of(rest...);
  }
}

/// The Materialized among the options, else Materialized::none().
inline Materialized materialized_of() { return Materialized::none(); }
template <class First, class... Rest>
[[nodiscard]] auto materialized_of(const First& first, const Rest&... rest) {
  if constexpr (IsMaterialized<First>::value) {
    return first;
  } else {
    return materialized_of(rest...);
  }
}

/// The TableJoined among the options; a Named stands for one with that name.
inline TableJoined table_joined_of() { return {}; }
template <class First, class... Rest>
[[nodiscard]] auto table_joined_of(const First& first, const Rest&... rest) {
  if constexpr (IsTableJoined<First>::value) {
    return first;
  } else if constexpr (std::is_same_v<First, Named>) {
    return TableJoined::as(first.name());
  } else {
    return table_joined_of(rest...);
  }
}

}  // namespace millrace::detail
