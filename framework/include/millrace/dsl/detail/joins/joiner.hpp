// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

namespace millrace::detail {

/// Calls joiner(left, right) or joiner(key, left, right), whichever the joiner accepts.
///
/// A side that may be absent is passed as a pointer, null if it is absent. In an outer join both are pointers.
template <bool LeftMayBeAbsent, bool RightMayBeAbsent, class K, class VL, class VR, class Joiner>
decltype(auto) call_joiner(Joiner& joiner, const K& key, const VL* left, const VR* right) {
  const auto with = [&](auto&& l, auto&& r) -> decltype(auto) {
    if constexpr (std::invocable<Joiner&, const K&, decltype(l), decltype(r)>) {
      return joiner(key, l, r);
    } else {
      return joiner(l, r);
    }
  };
  if constexpr (LeftMayBeAbsent) {
    return with(left, right);
  } else if constexpr (RightMayBeAbsent) {
    return with(*left, right);
  } else {
    return with(*left, *right);
  }
}

/// Calls the joiner of a join with a global table. It may also be called as joiner(key, mapped_key, left, right).
///
/// MK is the type that the key selector returns. An inner join drops records without a mapped key, so MK is then the
/// type of the table's key.
template <bool RightMayBeAbsent, class K, class MK, class VL, class VR, class Joiner>
decltype(auto) call_global_joiner(Joiner& joiner, const K& key, const MK& mapped_key, const VL* left, const VR* right) {
  using R = std::conditional_t<RightMayBeAbsent, const VR*, const VR&>;
  if constexpr (std::invocable<Joiner&, const K&, const MK&, const VL&, R>) {
    if constexpr (RightMayBeAbsent) {
      return joiner(key, mapped_key, *left, right);
    } else {
      return joiner(key, mapped_key, *left, *right);
    }
  } else {
    return call_joiner<false, RightMayBeAbsent>(joiner, key, left, right);
  }
}

/// Checks that both sides have the same key type. A join compares keys by their bytes.
template <class K, class K2>
[[nodiscard]] constexpr bool require_same_key() {
  constexpr bool kSameKey = std::is_same_v<K, K2>;
  static_assert(kSameKey,
                "the two streams have keys of different types: give one of them the other's with select_key or map "
                "before joining");
  return kSameKey;
}

/// Checks that the joiner accepts the two values and returns one. The result tells the caller whether to go on: after a
/// failed static_assert it must not instantiate more code, or the compiler would print follow-up errors.
template <bool LeftMayBeAbsent, bool RightMayBeAbsent, class K, class VL, class VR, class Joiner>
[[nodiscard]] constexpr bool require_joiner() {
  using L = std::conditional_t<LeftMayBeAbsent, const VL*, const VL&>;
  using R = std::conditional_t<LeftMayBeAbsent || RightMayBeAbsent, const VR*, const VR&>;
  constexpr bool kCallable = std::invocable<Joiner&, L, R> || std::invocable<Joiner&, const K&, L, R>;
  static_assert(kCallable,
                "the joiner must be callable with (left, right) or (key, left, right): join passes const references, "
                "left_join the right side and outer_join both sides as const pointers that may be nullptr");
  if constexpr (kCallable) {
    constexpr bool kGivesValue = !std::is_void_v<decltype(call_joiner<LeftMayBeAbsent, RightMayBeAbsent>(
        std::declval<Joiner&>(), std::declval<const K&>(), std::declval<const VL*>(), std::declval<const VR*>()))>;
    static_assert(kGivesValue, "the joiner must return the joined value, not void");
    return kGivesValue;
  }
  return false;
}

/// As require_joiner(), for a join with a global table.
template <bool RightMayBeAbsent, class K, class MK, class VL, class VR, class Joiner>
[[nodiscard]] constexpr bool require_global_joiner() {
  using R = std::conditional_t<RightMayBeAbsent, const VR*, const VR&>;
  constexpr bool kWithMappedKey = std::invocable<Joiner&, const K&, const MK&, const VL&, R>;
  constexpr bool kCallable =
      kWithMappedKey || std::invocable<Joiner&, const VL&, R> || std::invocable<Joiner&, const K&, const VL&, R>;
  static_assert(
      kCallable,
      "the joiner must be callable with (left, right) or (key, left, right) or (key, mapped_key, left, "
      "right): join passes const references, left_join the right side as a const pointer that may be nullptr");
  if constexpr (kCallable) {
    constexpr bool kGivesValue = !std::is_void_v<decltype(call_global_joiner<RightMayBeAbsent>(
        std::declval<Joiner&>(), std::declval<const K&>(), std::declval<const MK&>(), std::declval<const VL*>(),
        std::declval<const VR*>()))>;
    static_assert(kGivesValue, "the joiner must return the joined value, not void");
    return kGivesValue;
  }
  return false;
}

}  // namespace millrace::detail
