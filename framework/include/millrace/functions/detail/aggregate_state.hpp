// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/serde/primitives.hpp"
#include "millrace/serde/serde.hpp"

// The states of aggregates as bytes, for stores and changelogs.
//
// Layout: fingerprint (4 bytes), then the state of each aggregate. All numbers are big-endian. Lists, maps and texts
// begin with their size (4 bytes). Values of other types begin with the size of what their serde wrote.
//
// The fingerprint depends on the names of the aggregates and on the types of their states. So bytes that were written
// by other aggregates are an error, not a wrong result.
namespace millrace::detail {

template <class T>
inline constexpr bool kIsOptionalState = false;
template <class T>
inline constexpr bool kIsOptionalState<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsVectorState = false;
template <class T>
inline constexpr bool kIsVectorState<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsMapState = false;
template <class K, class V>
inline constexpr bool kIsMapState<std::map<K, V>> = true;
template <class T>
inline constexpr bool kIsTupleState = false;
template <class... T>
inline constexpr bool kIsTupleState<std::tuple<T...>> = true;
template <class A, class B>
inline constexpr bool kIsTupleState<std::pair<A, B>> = true;

template <class T>
concept NumberState = std::is_arithmetic_v<T> || std::is_enum_v<T>;

/// The unsigned integer that holds the bits of a number. long double has no portable bits.
template <NumberState T>
using BitsOf = std::conditional_t<sizeof(T) == 1, std::uint8_t,
                                  std::conditional_t<sizeof(T) == 2, std::uint16_t,
                                                     std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;

/// Reads a state piece by piece. All functions throw SerializationException for bytes that end too early.
class StateReader {
 public:
  explicit StateReader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] std::string_view take(std::size_t size);
  /// Reads the size of a list or of a value. Each of its entries has at least one byte, so a broken size is noticed
  /// before memory is allocated.
  [[nodiscard]] std::size_t take_size();
  /// Throws if bytes are left.
  void finish() const;

 private:
  std::string_view bytes_;
};

void append_state_size(std::size_t size, std::string& out);
/// Overwrites the size at `at` with the number of bytes after it.
void set_state_size(std::size_t at, std::string& out);
[[noreturn]] void throw_other_aggregates(std::string_view names);
[[noreturn]] void throw_state_too_short();
[[noreturn]] void throw_null_in_state();

/// Checks that values of this type can be stored.
template <class T>
[[nodiscard]] constexpr bool require_storable() {
  constexpr bool kFound = HasSerde<T>;
  static_assert(kFound,
                "an aggregate stores values of this type, but there is no Serde for it: declare its fields with "
                "MILLRACE_JSON(Type, fields...), specialise millrace::Serde<Type>, or let the argument return another "
                "type");
  if constexpr (kFound) {
    constexpr bool kPlain = !ConfiguresItself<Serde<T>> && !ClosesItself<Serde<T>>;
    static_assert(kPlain, "a Serde with configure() or close() cannot write the values of an aggregate");
    return kPlain;
  }
  return false;
}

template <class T>
void write_state(const T& value, std::string_view topic, std::string& out) {
  if constexpr (NumberState<T>) {
    static_assert(sizeof(T) <= 8, "an aggregate cannot store a long double: let the argument return a double");
    if constexpr (std::is_floating_point_v<T>) {
      append_big_endian(std::bit_cast<BitsOf<T>>(value), out);
    } else {
      append_big_endian(static_cast<BitsOf<T>>(value), out);
    }
  } else if constexpr (std::is_same_v<T, std::string>) {
    append_state_size(value.size(), out);
    out.append(value);
  } else if constexpr (kIsOptionalState<T>) {
    out.push_back(value ? '\1' : '\0');
    if (value) write_state(*value, topic, out);
  } else if constexpr (kIsVectorState<T>) {
    append_state_size(value.size(), out);
    // A typed copy, because std::vector<bool> has no references to its elements.
    for (const typename T::value_type& element : value) write_state(element, topic, out);
  } else if constexpr (kIsMapState<T>) {
    append_state_size(value.size(), out);
    for (const auto& [key, mapped] : value) {
      write_state(key, topic, out);
      write_state(mapped, topic, out);
    }
  } else if constexpr (kIsTupleState<T>) {
    std::apply([&](const auto&... parts) { (write_state(parts, topic, out), ...); }, value);
  } else if constexpr (require_storable<T>()) {
    const std::size_t at = out.size();
    append_state_size(0, out);
    if (!write_with<T>(Serde<T>(), topic, nullptr, value, out)) throw_null_in_state();
    set_state_size(at, out);
  }
}

template <class T>
T read_state(StateReader& in, std::string_view topic) {
  if constexpr (NumberState<T>) {
    const auto bits = read_big_endian<BitsOf<T>>(in.take(sizeof(T)), "aggregate state");
    if constexpr (std::is_floating_point_v<T>) {
      return std::bit_cast<T>(bits);
    } else {
      return static_cast<T>(bits);
    }
  } else if constexpr (std::is_same_v<T, std::string>) {
    return std::string(in.take(in.take_size()));
  } else if constexpr (kIsOptionalState<T>) {
    if (in.take(1)[0] == '\0') return std::nullopt;
    return read_state<typename T::value_type>(in, topic);
  } else if constexpr (kIsVectorState<T>) {
    T values;
    const std::size_t size = in.take_size();
    values.reserve(size);
    for (std::size_t i = 0; i < size; ++i) values.push_back(read_state<typename T::value_type>(in, topic));
    return values;
  } else if constexpr (kIsMapState<T>) {
    T values;
    const std::size_t size = in.take_size();
    for (std::size_t i = 0; i < size; ++i) {
      auto key = read_state<typename T::key_type>(in, topic);
      values.emplace_hint(values.end(), std::move(key), read_state<typename T::mapped_type>(in, topic));
    }
    return values;
  } else if constexpr (kIsTupleState<T>) {
    // Braces: the parts are read from left to right.
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return T{read_state<std::tuple_element_t<I, T>>(in, topic)...};
    }
    (std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (require_storable<T>()) {
    const std::string_view bytes = in.take(in.take_size());
    return read_with<T>(Serde<T>(), topic, nullptr, BytesView(bytes));
  }
}

// --- the fingerprint: FNV-1a

constexpr std::uint32_t kFingerprintSeed = 2'166'136'261;

constexpr std::uint32_t mix(std::uint32_t hash, std::uint32_t byte) { return (hash ^ byte) * 16'777'619; }

constexpr std::uint32_t mix_text(std::uint32_t hash, std::string_view text) {
  for (const char c : text) hash = mix(hash, static_cast<unsigned char>(c));
  return mix(hash, 0);
}

template <class T>
constexpr std::uint32_t mix_type(std::uint32_t hash) {
  if constexpr (NumberState<T>) {
    hash = mix(hash, std::is_floating_point_v<T> ? 'f' : std::is_signed_v<T> || std::is_enum_v<T> ? 'i' : 'u');
    return mix(hash, sizeof(T));
  } else if constexpr (std::is_same_v<T, std::string>) {
    return mix(hash, 's');
  } else if constexpr (kIsOptionalState<T>) {
    return mix_type<typename T::value_type>(mix(hash, '?'));
  } else if constexpr (kIsVectorState<T>) {
    return mix_type<typename T::value_type>(mix(hash, 'l'));
  } else if constexpr (kIsMapState<T>) {
    return mix_type<typename T::mapped_type>(mix_type<typename T::key_type>(mix(hash, 'm')));
  } else if constexpr (kIsTupleState<T>) {
    hash = mix(hash, '(');
    [&]<std::size_t... I>(std::index_sequence<I...>) { ((hash = mix_type<std::tuple_element_t<I, T>>(hash)), ...); }
    (std::make_index_sequence<std::tuple_size_v<T>>());
    return mix(hash, ')');
  } else {
    return mix(hash, 'x');
  }
}

/// The state of several aggregates: what the store of an aggregation holds.
template <class... Rules>
struct AggregateState {
  std::tuple<typename Rules::State...> parts;

  bool operator==(const AggregateState&) const = default;
};

template <class... Rules>
constexpr std::uint32_t fingerprint() {
  std::uint32_t hash = kFingerprintSeed;
  ((hash = mix_type<typename Rules::State>(mix_text(hash, Rules::kName))), ...);
  return hash;
}

template <class... Rules>
std::string rule_names() {
  std::string names;
  ((names += (names.empty() ? "" : ", ") + std::string(Rules::kName)), ...);
  return names;
}

}  // namespace millrace::detail

namespace millrace {

/// The bytes of an aggregation's state. Bytes of other aggregates are a SerializationException.
template <class... Rules>
struct Serde<detail::AggregateState<Rules...>> {
  using State = detail::AggregateState<Rules...>;

  void serialize(std::string_view topic, const State& state, std::string& out) const {
    detail::append_big_endian(detail::fingerprint<Rules...>(), out);
    std::apply([&](const auto&... parts) { (detail::write_state(parts, topic, out), ...); }, state.parts);
  }

  State deserialize(std::string_view topic, std::string_view bytes) const {
    detail::StateReader in(bytes);
    if (detail::read_big_endian<std::uint32_t>(in.take(4), "aggregate state") != detail::fingerprint<Rules...>()) {
      detail::throw_other_aggregates(detail::rule_names<Rules...>());
    }
    State state{{detail::read_state<typename Rules::State>(in, topic)...}};
    in.finish();
    return state;
  }
};

}  // namespace millrace
