// SPDX-License-Identifier: Apache-2.0
#pragma once

// Error messages for calls that fit no overload. The compiler then prints one line that says what to do, not a list of
// the overloads that it tried. The functions for this purpose return auto: the compiler must then look at their bodies
// first, so that their message is the first error.

#include <concepts>
#include <string_view>
#include <type_traits>

namespace millrace {

template <class K, class V>
class KStream;
template <class K, class V>
class KTable;
template <class K, class V>
class GlobalKTable;

namespace detail {

/// Always false, but depends on the types. So a static_assert with it fails only when the function is used.
template <class...>
inline constexpr bool kNever = false;

/// True if T is an instance of the class template.
template <class T, template <class...> class Template>
inline constexpr bool kIsA = false;
template <class... Args, template <class...> class Template>
inline constexpr bool kIsA<Template<Args...>, Template> = true;

/// True for a plain text, given where an object with a name is expected.
template <class T>
concept Text = std::convertible_to<const T&, std::string_view>;

/// Prints how to call KStream's joins. Use it in a constant expression (`if constexpr`), so that the compiler evaluates
/// it at once.
template <class Other>
[[nodiscard]] constexpr bool refuse_stream_join() {
  constexpr bool kStream = kIsA<Other, KStream>;
  constexpr bool kTable = kIsA<Other, KTable>;
  constexpr bool kGlobal = kIsA<Other, GlobalKTable>;
  static_assert(!kStream,
                "a stream joins a stream within JoinWindows: join(other, joiner, JoinWindows::of_time_difference..., "
                "StreamJoined), the last of which may be left out");
  static_assert(
      !kTable,
      "a stream joins a table by join(table, joiner, Joined) or left_join, without windows; the Joined may be "
      "left out");
  static_assert(!kGlobal,
                "a stream joins a GlobalKTable by join(table, key_selector, joiner, Named) or left_join, whose key "
                "selector makes the table's key from (key, value); the Named may be left out");
  static_assert(kStream || kTable || kGlobal, "a stream joins a KStream, a KTable or a GlobalKTable");
  return true;
}

/// The same for KTable's joins.
template <class Other>
[[nodiscard]] constexpr bool refuse_table_join() {
  constexpr bool kTable = kIsA<Other, KTable>;
  static_assert(!kTable,
                "a table joins a table by join(other, joiner, options...) or, by foreign key, join(other, foreign_key, "
                "joiner, options...)");
  static_assert(kTable,
                "a table joins only a KTable: a stream that looks into a table calls stream.join(table, joiner), and "
                "a stream becomes a table by to_table()");
  return true;
}

}  // namespace detail
}  // namespace millrace
