#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/windowed.hpp"
#include "millrace/processor/record.hpp"
#include "millrace/serde/serde.hpp"

namespace millrace::detail {

template <class T>
struct StripOptional {
  using Type = T;
};
template <class T>
struct StripOptional<std::optional<T>> {
  using Type = T;
};

/// T without its null.
template <class T>
using NonNull = typename StripOptional<T>::Type;

template <class T>
[[nodiscard]] constexpr bool is_null(const T& value) {
  if constexpr (std::is_same_v<T, Unkeyed>) {
    return true;
  } else if constexpr (!std::is_same_v<T, NonNull<T>>) {
    return !value.has_value();
  } else {
    return false;
  }
}

/// The value of something that is not null, for as long as that is there.
template <class T>
[[nodiscard]] constexpr const NonNull<T>& non_null(const T& value) {
  if constexpr (std::is_same_v<T, NonNull<T>>) {
    return value;  // NOLINT(bugprone-return-const-ref-from-parameter): temporaries are refused below
  } else {
    return *value;
  }
}
template <class T>
const NonNull<T>& non_null(const T&& value) = delete;

template <class T>
inline constexpr bool kIsUnkeyed = std::is_same_v<NonNull<T>, Unkeyed>;

// --- checks of what users give
//
// Each require_... says in one line what to do, as the compiler's first error, and returns whether all is well: called
// as `if constexpr (require_...())` it is looked at before anything else of the operator is.

/// Grouping and joining compare keys, so the stream needs some.
template <class K>
[[nodiscard]] constexpr bool require_key() {
  constexpr bool kKeyed = !kIsUnkeyed<K>;
  static_assert(kKeyed,
                "this stream is Unkeyed: give its records a key with select_key or map before grouping, joining "
                "or repartitioning it");
  return kKeyed;
}

/// User functions take (key, value) or (value). Values are passed so that the function may move from them.
template <class F, class K, class V>
concept TakesKeyValue = std::invocable<F&, const K&, V>;
template <class F, class V>
concept TakesValue = std::invocable<F&, V>;

template <class F, class K, class V>
[[nodiscard]] constexpr bool require_callable() {
  constexpr bool kCallable = TakesKeyValue<F, K, V> || TakesValue<F, V>;
  static_assert(kCallable,
                "this function must be callable with (const Key&, const Value&) or with (const Value&) of the "
                "stream");
  return kCallable;
}

template <class F, class K, class V>
decltype(auto) call(F& function, const K& key, V&& value) {
  if constexpr (TakesKeyValue<F, K, V>) {
    return function(key, std::forward<V>(value));
  } else {
    return function(std::forward<V>(value));
  }
}

/// What call() gives, as a value; void if the function does not fit (require_callable reports that).
template <class F, class K, class V, class = void>
struct CallResult {
  using Type = void;
};
template <class F, class K, class V>
struct CallResult<F, K, V, std::enable_if_t<TakesKeyValue<F, K, V> || TakesValue<F, V>>> {
  using Type = std::remove_cvref_t<decltype(call(std::declval<F&>(), std::declval<const K&>(), std::declval<V>()))>;
};

/// Key and value type of what `map` returns: KeyValue or std::pair.
template <class T>
struct PairTypes {
  static constexpr bool kIsPair = false;
};
template <class K, class V>
struct PairTypes<KeyValue<K, V>> {
  static constexpr bool kIsPair = true;
  using Key = K;
  using Value = V;
};
template <class K, class V>
struct PairTypes<std::pair<K, V>> {
  static constexpr bool kIsPair = true;
  using Key = K;
  using Value = V;
};

/// The elements of a range; void if T is none.
template <class T>
struct ElementOf {
  using Type = void;
};
template <class T>
requires requires(T& range) {
  *std::begin(range);
  std::end(range);
}
struct ElementOf<T> {
  using Type = std::remove_cvref_t<decltype(*std::begin(std::declval<T&>()))>;
};

/// Whether what flat_map's function returned owns its elements, so that they may be moved out of it. References and
/// views do not.
template <class Returned>
inline constexpr bool kOwnsElements = !std::is_reference_v<Returned> && requires {
  typename Returned::allocator_type;
};

/// An element of a range of type Returned: moved out if the range owns it, else copied.
template <class Returned, class Element>
[[nodiscard]] std::remove_cvref_t<Element> take_element(Element& element) {
  if constexpr (kOwnsElements<Returned>) {
    return std::move(element);
  } else {
    return element;
  }
}

/// For filter and branch.
template <class F, class K, class V>
[[nodiscard]] constexpr bool require_predicate() {
  if constexpr (require_callable<F, K, V>()) {
    constexpr bool kGivesBool = std::is_constructible_v<bool, typename CallResult<F, K, V>::Type>;
    static_assert(kGivesBool, "the predicate must return a bool");
    return kGivesBool;
  }
  return false;
}

/// For map_values and select_key.
template <class F, class K, class V>
[[nodiscard]] constexpr bool require_result() {
  if constexpr (require_callable<F, K, V>()) {
    constexpr bool kGivesValue = !std::is_void_v<typename CallResult<F, K, V>::Type>;
    static_assert(kGivesValue, "this function must return the new value (map_values) or key (select_key), not void");
    return kGivesValue;
  }
  return false;
}

template <class F, class K, class V>
[[nodiscard]] constexpr bool require_pair() {
  if constexpr (require_callable<F, K, V>()) {
    constexpr bool kIsPair = PairTypes<typename CallResult<F, K, V>::Type>::kIsPair;
    static_assert(kIsPair, "map must return a millrace::KeyValue or std::pair");
    return kIsPair;
  }
  return false;
}

template <class F, class K, class V>
[[nodiscard]] constexpr bool require_range() {
  if constexpr (require_callable<F, K, V>()) {
    constexpr bool kIsRange = !std::is_void_v<typename ElementOf<typename CallResult<F, K, V>::Type>::Type>;
    static_assert(kIsRange, "flat_map_values must return a range of values, such as a std::vector");
    return kIsRange;
  }
  return false;
}

template <class F, class K, class V>
[[nodiscard]] constexpr bool require_pair_range() {
  if constexpr (require_callable<F, K, V>()) {
    constexpr bool kIsPairRange = PairTypes<typename ElementOf<typename CallResult<F, K, V>::Type>::Type>::kIsPair;
    static_assert(kIsPairRange,
                  "flat_map must return a range of millrace::KeyValue or std::pair, such as a std::vector");
    return kIsPairRange;
  }
  return false;
}

template <class K, class V>
KeyValue<K, V> to_key_value(KeyValue<K, V>&& pair) {
  return std::move(pair);
}
template <class K, class V>
KeyValue<K, V> to_key_value(std::pair<K, V>&& pair) {
  return {std::move(pair.first), std::move(pair.second)};
}

/// Stands for "no serde given".
struct NoSerde {};

/// The serde that a stream carries along, if it was given one.
template <class T>
using CarriedSerde = MaybeSerde<T>;

template <class T>
inline constexpr bool kIsWindowed = false;
template <class K>
inline constexpr bool kIsWindowed<Windowed<K>> = true;

/// Throws what to do where no serde of windowed keys is known.
[[noreturn]] void missing_windowed_serde();

/// The serde for T: the one given at this call, else the one that the stream carries, else T's own. T must have one of
/// its own unless one is given: which streams carry one is not part of their types.
template <class T, class S>
[[nodiscard]] AnySerde<T> choose_serde(const S& given, const CarriedSerde<T>& inherited = {}) {
  if constexpr (std::is_same_v<S, NoSerde> && kIsWindowed<NonNull<T>>) {
    if (!inherited) missing_windowed_serde();
    return *inherited;
  } else if constexpr (std::is_same_v<S, NoSerde>) {
    if constexpr (require_serde<T>()) return inherited ? *inherited : AnySerde<T>();
  } else {
    constexpr bool kFits = std::is_constructible_v<AnySerde<T>, S>;
    static_assert(kFits, "the serde given here does not serialise the type that the stream has at this place");
    if constexpr (kFits) return AnySerde<T>(given);
  }
}

/// The serde given, for streams to carry along.
template <class T, class S>
[[nodiscard]] CarriedSerde<T> carried_serde(const S& given) {
  if constexpr (std::is_same_v<S, NoSerde>) {
    return {};
  } else {
    return choose_serde<T>(given);
  }
}

/// A serde of the non-null type, made from one of the nullable type.
template <class T>
struct NonNullSerde {
  AnySerde<std::optional<T>> inner;

  bool serialize(std::string_view topic, const T& value, std::string& out) const {
    return inner.serialize(topic, std::optional<T>(value), out);
  }
  T deserialize(std::string_view topic, BytesView bytes) const {
    auto value = inner.deserialize(topic, bytes);
    if (!value) throw SerializationException("null where a value is needed");
    return std::move(*value);
  }
};

/// The serde that a stream of T carries, for its non-null values.
template <class T>
[[nodiscard]] CarriedSerde<NonNull<T>> strip_serde(const CarriedSerde<T>& carried) {
  if constexpr (std::is_same_v<T, NonNull<T>>) {
    return carried;
  } else {
    if (!carried) return {};
    return AnySerde<NonNull<T>>(NonNullSerde<NonNull<T>>{*carried});
  }
}

}  // namespace millrace::detail
