// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "millrace/dsl/detail/misuse.hpp"
#include "millrace/dsl/join_windows.hpp"
#include "millrace/dsl/joined.hpp"
#include "millrace/dsl/materialized.hpp"
#include "millrace/dsl/named.hpp"
#include "millrace/dsl/stream_joined.hpp"
#include "millrace/dsl/table_joined.hpp"

namespace millrace::detail {

// Type traits that recognise the options.
template <class T>
struct IsMaterialized : std::false_type {};
template <class KS, class VS>
struct IsMaterialized<BasicMaterialized<KS, VS>> : std::true_type {};

template <class T>
struct IsTableJoined : std::false_type {};
template <class P, class Q>
struct IsTableJoined<BasicTableJoined<P, Q>> : std::true_type {};

/// The options that may follow the arguments of a table operator, in any order: Named, Materialized, TableJoined.
template <class T>
concept TableOption = std::is_same_v<T, Named> || IsMaterialized<T>::value || IsTableJoined<T>::value;

/// True for an argument that cannot be the joiner of a foreign-key join. The call then is a join by the tables' own
/// keys.
template <class T>
concept NoJoiner =
    TableOption<T> || Text<T> || std::is_same_v<T, JoinWindows> || kIsA<T, BasicJoined> || kIsA<T, BasicStreamJoined>;

/// Checks the options. This is a static_assert and not a constraint, so that the compiler prints what to do. `names`:
/// how many options give the operator a name.
template <int names, class... Options>
[[nodiscard]] constexpr bool require_these_options() {
  constexpr bool kOptions =
      (TableOption<Options> && ...) && names <= 1 && (IsMaterialized<Options>::value + ... + 0) <= 1;
  static_assert(
      kOptions,
      "the arguments of a table's operator may be followed by Named::as(\"node\"), Materialized::as(\"store\") "
      "and, for a foreign-key join, a TableJoined, and by nothing else");
  return kOptions;
}
/// Checks the options of all operators but foreign-key joins.
template <class... Options>
[[nodiscard]] constexpr bool require_table_options() {
  // A TableJoined is not allowed here, so it counts as one name too many.
  constexpr bool kJoined = (IsTableJoined<Options>::value || ...);
  return require_these_options<(std::is_same_v<Options, Named> + ... + 0) + (kJoined ? 2 : 0), Options...>();
}
/// Checks the options of a foreign-key join. Its name comes from the TableJoined or from a Named, not from both.
template <class... Options>
[[nodiscard]] constexpr bool require_foreign_join_options() {
  return require_these_options<((std::is_same_v<Options, Named> || IsTableJoined<Options>::value) + ... + 0),
                               Options...>();
}

/// True if the user has asked for a store or for serdes.
template <class... Options>
inline constexpr bool kHasMaterialized = (IsMaterialized<Options>::value || ...);

/// Returns the Named among the options, or an empty one. Works for any order of the options.
inline Named named_of() { return {}; }
template <class First, class... Rest>
[[nodiscard]] Named named_of(const First& first, const Rest&... rest) {
  if constexpr (std::is_same_v<First, Named>) {
    return first;
  } else {
    return named_of(rest...);
  }
}

/// Returns the Materialized among the options, or Materialized::none().
inline Materialized materialized_of() { return Materialized::none(); }
template <class First, class... Rest>
[[nodiscard]] auto materialized_of(const First& first, const Rest&... rest) {
  if constexpr (IsMaterialized<First>::value) {
    return first;
  } else {
    return materialized_of(rest...);
  }
}

/// Returns the TableJoined among the options. A Named counts as a TableJoined with this name.
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
