// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/windowed.hpp"
#include "millrace/processor/detail/task_context.hpp"
#include "millrace/processor/record.hpp"
#include "millrace/serde/one_way.hpp"
#include "millrace/serde/serde.hpp"

namespace millrace::detail {

/// Removes std::optional from a type.
template <class T>
struct StripOptional {
  using Type = T;
};
template <class T>
struct StripOptional<std::optional<T>> {
  using Type = T;
};

/// T without std::optional: the type of its non-null values.
template <class T>
using NonNull = typename StripOptional<T>::Type;

/// True if the value stands for a Kafka null. A key read as Unkeyed always does.
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

/// The value of a non-null T, as a reference into `value`. REQUIRES: !is_null(value).
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

// --- checks of user functions
//
// Each require_... function reports misuse by a static_assert with one line that says what to do. It returns whether
// the check passed. Call it as `if constexpr (require_...())`: the operator's body is then not compiled after a
// failure, so the line is the compiler's first error.

/// Grouping and joining compare keys, so the stream must have keys.
template <class K>
[[nodiscard]] constexpr bool require_key() {
  constexpr bool kKeyed = !kIsUnkeyed<K>;
  static_assert(kKeyed,
                "this stream is Unkeyed: give its records a key with select_key or map before grouping, joining "
                "or repartitioning it");
  return kKeyed;
}

/// User functions take (key, value) or (value). The value is passed as V, so that a function may move from it.
template <class F, class K, class V>
concept TakesKeyValue = std::invocable<F&, const K&, V>;
template <class F, class V>
concept TakesValue = std::invocable<F&, V>;
/// Functions of streams may take the context of the record as a last argument.
template <class F, class K, class V>
concept TakesKeyValueContext = std::invocable<F&, const K&, V, const RecordContext&>;
template <class F, class V>
concept TakesValueContext = std::invocable<F&, V, const RecordContext&>;
/// Functions that the DSL wraps around those of the user, which may take a context.
template <class F, class K, class V>
concept TakesTask = std::invocable<F&, const K&, V, const TaskContext&>;

template <class F, class K, class V>
concept TakesNoContext = TakesKeyValue<F, K, V> || TakesValue<F, V>;
/// True if call() can call the function.
template <class F, class K, class V>
concept Callable =
    TakesNoContext<F, K, V> || TakesKeyValueContext<F, K, V> || TakesValueContext<F, V> || TakesTask<F, K, V>;

/// How a non-null value is passed where the value is passed as V: T for std::optional<T>, const T& for a reference to
/// one.
template <class V>
struct PassNonNull {
  using Type = NonNull<V>;
};
template <class V>
struct PassNonNull<const V&> {
  using Type = const NonNull<V>&;
};

/// True for a function that takes only values that are not null, on a stream whose values may be null. map_values and
/// others then leave a null as it is and do not call the function.
template <class F, class K, class V>
concept SkipsNull = !std::same_as<std::remove_cvref_t<V>, NonNull<std::remove_cvref_t<V>>> && !Callable<F, K, V> &&
                    Callable<F, K, typename PassNonNull<V>::Type>;

/// Checks that call() can call the function. The compiler shows the types by the names of the parameters, which are
/// those of the message.
template <class Function, class Key, class Value>
[[nodiscard]] constexpr bool require_callable() {
  constexpr bool kCallable = Callable<Function, Key, Value>;
  constexpr bool kSkipsNull = SkipsNull<Function, Key, Value>;
  static_assert(!kSkipsNull,
                "the values of this stream may be null, and this operator needs a result for a null, too: let the "
                "function take const std::optional<Value>&");
  // One error is enough.
  static_assert(kCallable || kSkipsNull,
                "this function must be callable with (const Key&, const Value&) or with (const Value&) of the "
                "stream; on a stream, it may also take a const RecordContext& as the last argument");
  return kCallable;
}

/// Checks that the function takes no RecordContext. For operators whose functions may be called without a record.
template <class F, class K, class V>
[[nodiscard]] constexpr bool require_no_context() {
  constexpr bool kNoContext = TakesNoContext<F, K, V> || !Callable<F, K, V>;
  static_assert(
      kNoContext,
      "only functions of streams may take a RecordContext: those of tables are also called for earlier values, "
      "whose records are gone");
  return kNoContext;
}

/// Calls the function with (key, value) if possible, otherwise with (value). It may be a pointer to a member of the
/// value.
template <class F, class K, class V>
requires TakesNoContext<F, K, V>
decltype(auto) call(F& function, const K& key, V&& value) {
  if constexpr (TakesKeyValue<F, K, V>) {
    return std::invoke(function, key, std::forward<V>(value));
  } else {
    return std::invoke(function, std::forward<V>(value));
  }
}

/// As call(), in a node of a stream. The function may also take a RecordContext. Then the result is no reference,
/// because it could refer to the context.
template <class F, class K, class V>
decltype(auto) call(F& function, const K& key, V&& value, const TaskContext& task) {
  if constexpr (TakesNoContext<F, K, V>) {
    return call(function, key, std::forward<V>(value));
  } else if constexpr (TakesKeyValueContext<F, K, V>) {
    return std::decay_t<std::invoke_result_t<F&, const K&, V, const RecordContext&>>(
        std::invoke(function, key, std::forward<V>(value), record_context(task)));
  } else if constexpr (TakesValueContext<F, V>) {
    return std::decay_t<std::invoke_result_t<F&, V, const RecordContext&>>(
        std::invoke(function, std::forward<V>(value), record_context(task)));
  } else {
    return function(key, std::forward<V>(value), task);
  }
}

/// The type that call() returns, without reference; void if the function does not fit (require_callable reports that).
template <class F, class K, class V, class = void>
struct CallResult {
  using Type = void;
};
template <class F, class K, class V>
struct CallResult<F, K, V, std::enable_if_t<Callable<F, K, V>>> {
  using Type = std::remove_cvref_t<decltype(call(std::declval<F&>(), std::declval<const K&>(), std::declval<V>(),
                                                 std::declval<const TaskContext&>()))>;
};

/// The key and value types of KeyValue or std::pair, which map functions return.
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

/// The element type of a range; void if T is not a range.
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

/// True if the range that a flat_map function returned owns its elements, so they may be moved from. A reference or a
/// view does not own them.
template <class Returned>
inline constexpr bool kOwnsElements = !std::is_reference_v<Returned> && requires {
  typename Returned::allocator_type;
};

/// Returns an element of such a range: moved if the range owns it, otherwise copied.
template <class Returned, class Element>
[[nodiscard]] std::remove_cvref_t<Element> take_element(Element& element) {
  if constexpr (kOwnsElements<Returned>) {
    return std::move(element);
  } else {
    return element;
  }
}

/// Checks the predicate of filter and branch.
template <class F, class K, class V>
[[nodiscard]] constexpr bool require_predicate() {
  if constexpr (require_callable<F, K, V>()) {
    constexpr bool kGivesBool = std::is_constructible_v<bool, typename CallResult<F, K, V>::Type>;
    static_assert(kGivesBool, "the predicate must return a bool");
    return kGivesBool;
  }
  return false;
}

/// Checks the function of map_values and select_key.
template <class F, class K, class V>
[[nodiscard]] constexpr bool require_result() {
  if constexpr (require_callable<F, K, V>()) {
    constexpr bool kGivesValue = !std::is_void_v<typename CallResult<F, K, V>::Type>;
    static_assert(kGivesValue, "this function must return the new value (map_values) or key (select_key), not void");
    return kGivesValue;
  }
  return false;
}

/// Checks the function of map and of a table's group_by.
template <class F, class K, class V>
[[nodiscard]] constexpr bool require_pair() {
  if constexpr (require_callable<F, K, V>()) {
    constexpr bool kIsPair = PairTypes<typename CallResult<F, K, V>::Type>::kIsPair;
    static_assert(kIsPair, "map must return a millrace::KeyValue or std::pair");
    return kIsPair;
  }
  return false;
}

/// Checks the function of flat_map_values.
template <class F, class K, class V>
[[nodiscard]] constexpr bool require_range() {
  if constexpr (require_callable<F, K, V>()) {
    constexpr bool kIsRange = !std::is_void_v<typename ElementOf<typename CallResult<F, K, V>::Type>::Type>;
    static_assert(kIsRange, "flat_map_values must return a range of values, such as a std::vector");
    return kIsRange;
  }
  return false;
}

/// Checks the function of flat_map.
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

/// The result of a map function as a KeyValue, without a copy.
template <class K, class V>
KeyValue<K, V> to_key_value(KeyValue<K, V>&& pair) {
  return std::move(pair);
}
template <class K, class V>
KeyValue<K, V> to_key_value(std::pair<K, V>&& pair) {
  return {std::move(pair.first), std::move(pair.second)};
}

/// Stands for "no serde given" in options. A type, so that the compiler can check what is missing.
struct NoSerde {};

/// The serde that a stream passes on to operators downstream; empty if it has none. (In Kafka Streams, the `keySerde`
/// and `valueSerde` of an `AbstractStream`.)
template <class T>
using CarriedSerde = MaybeSerde<T>;

/// True for a windowed key. Its serde needs the window size, so the type alone has no serde.
template <class T>
inline constexpr bool kIsWindowed = false;
template <class K>
inline constexpr bool kIsWindowed<Windowed<K>> = true;

/// Throws TopologyException for windowed keys without a serde: the type does not know its window size.
[[noreturn]] void missing_windowed_serde();

/// Chooses the serde for T: the one given at this call, otherwise the stream's carried serde, otherwise the type's own
/// serde. If none is given, T must have its own serde, even if the stream carries one: the compiler cannot know that.
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

/// True if S can read values of T.
template <class S, class T>
concept GivenDeserializer = std::is_constructible_v<AnyDeserializer<T>, S>;
/// True if S can write values of T.
template <class S, class T>
concept GivenSerializer = std::is_constructible_v<AnySerializer<T>, S>;

/// What a source reads with: the serde or deserializer given at this call, otherwise the type's own serde.
template <class T, class S>
[[nodiscard]] AnyDeserializer<T> choose_deserializer(const S& given) {
  if constexpr (std::is_same_v<S, NoSerde>) {
    return choose_serde<T>(given);
  } else {
    constexpr bool kReads = GivenDeserializer<S, T>;
    constexpr bool kOnlyWrites = !kReads && GivenSerializer<S, T>;
    static_assert(!kOnlyWrites,
                  "the serde given here only writes, and a source reads: it needs a deserialize() that "
                  "returns the type that the source has");
    static_assert(kReads || kOnlyWrites,
                  "the serde given here does not serialise the type that the stream has at this place");
    if constexpr (kReads) return AnyDeserializer<T>(given);
  }
}

/// What a sink writes with: the serde or serializer given at this call, otherwise as choose_serde().
template <class T, class S>
[[nodiscard]] AnySerializer<T> choose_serializer(const S& given, const CarriedSerde<T>& inherited) {
  if constexpr (std::is_same_v<S, NoSerde>) {
    return choose_serde<T>(given, inherited);
  } else {
    constexpr bool kWrites = GivenSerializer<S, T>;
    constexpr bool kOnlyReads = !kWrites && GivenDeserializer<S, T>;
    static_assert(!kOnlyReads,
                  "the serde given here only reads, and a sink writes: it needs a serialize() that takes the type that "
                  "the stream has");
    static_assert(kWrites || kOnlyReads,
                  "the serde given here does not serialise the type that the stream has at this place");
    if constexpr (kWrites) return AnySerializer<T>(given);
  }
}

/// The serde given to a source, as a serde for its stream to carry. Empty if none was given, or if it only reads:
/// operators write too.
template <class T, class S>
[[nodiscard]] CarriedSerde<T> serde_of_source(const S& given) {
  if constexpr (std::is_same_v<S, NoSerde> || !GivenSerializer<S, T>) {
    return {};
  } else {
    return choose_serde<T>(given);
  }
}

/// For error texts: which of two serdes is missing.
template <class K, class V>
[[nodiscard]] std::string missing_serde(const CarriedSerde<K>& keys, const CarriedSerde<V>& /*values*/) {
  const bool keys_miss = !keys;
  return "there is no serde that reads and writes its " +
         (keys_miss ? "keys of type " + std::string(type_name<K>()) : "values of type " + std::string(type_name<V>()));
}

/// The serde given at this call, as a serde for streams to carry. Empty if none was given.
template <class T, class S>
[[nodiscard]] CarriedSerde<T> carried_serde(const S& given) {
  if constexpr (std::is_same_v<S, NoSerde>) {
    return {};
  } else {
    return choose_serde<T>(given);
  }
}

/// The serde of T made from a serde of std::optional<T>.
template <class T>
struct NonNullSerde {
  AnySerde<std::optional<T>> inner;

  bool serialize(std::string_view topic, Headers* headers, const T& value, std::string& out) const {
    return inner.serialize(topic, headers, std::optional<T>(value), out);
  }
  T deserialize(std::string_view topic, const Headers* headers, BytesView bytes) const {
    auto value = inner.deserialize(topic, headers, bytes);
    if (!value) throw SerializationException("null where a value is needed");
    return std::move(*value);
  }

  // For the engine.
  [[nodiscard]] bool writes_headers() const { return inner.writes_headers(); }
  [[nodiscard]] bool has_life_cycle() const { return inner.has_life_cycle(); }
  void prepare(ConfiguredSerdes& application, bool is_key) { inner.prepare(application, is_key); }
};

/// The carried serde of a stream of T, for the non-null values only.
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
