#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "millrace/common/bytes.hpp"

// Calls a serde object in whichever form it offers: with or without topic, with or without null. serde.hpp describes
// the forms.
namespace millrace::detail {

template <class S, class T>
concept WritesPlain = requires(const S& serde, const T& value, std::string& out) {
  serde.serialize(value, out);
};

template <class S, class T>
concept WritesWithTopic = requires(const S& serde, std::string_view topic, const T& value, std::string& out) {
  serde.serialize(topic, value, out);
};

// The result type must match exactly: a serde of int must not be accepted as a serde of long.
template <class S, class T, class Input>
concept ReadsPlain = requires(const S& serde, Input bytes) {
  { serde.deserialize(bytes) } -> std::same_as<T>;
};

template <class S, class T, class Input>
concept ReadsWithTopic = requires(const S& serde, std::string_view topic, Input bytes) {
  { serde.deserialize(topic, bytes) } -> std::same_as<T>;
};

// Either form. The topic's name lets a serde treat topics differently, as Kafka's serdes may.
template <class S, class T>
concept WritesWith = WritesPlain<S, T> || WritesWithTopic<S, T>;

template <class S, class T>
concept ReadsWith = ReadsPlain<S, T, std::string_view> || ReadsWithTopic<S, T, std::string_view>;

/// Throws SerializationException: null was read, but the type has no null. `type` is the compiler's name of the type.
[[noreturn]] void throw_unexpected_null(std::string_view type);

/// The compiler's name of T, for error texts.
template <class T>
constexpr std::string_view type_name() {
  // GCC and clang put the name of T into this text.
  std::string_view text = __PRETTY_FUNCTION__;  // "... [with T = X; ...]" or "... [T = X]"
  text.remove_prefix(text.find("T = ") + 4);
  return text.substr(0, text.find_last_of(';') == text.npos ? text.find_last_of(']') : text.find_last_of(';'));
}

/// Appends the bytes of `value` to `out`. Returns false for Kafka's null.
template <class T, class S>
bool write_with(const S& serde, std::string_view topic, const T& value, std::string& out) {
  auto call = [&]() -> decltype(auto) {
    if constexpr (WritesWithTopic<S, T>) {
      return serde.serialize(topic, value, out);
    } else {
      return serde.serialize(value, out);
    }
  };
  // A serde whose serialize() returns bool can write null.
  if constexpr (std::same_as<decltype(call()), bool>) {
    return call();
  } else {
    call();
    return true;
  }
}

/// Decodes a T. Throws SerializationException for null if the serde cannot read null.
template <class T, class S>
T read_with(const S& serde, std::string_view topic, BytesView bytes) {
  if constexpr (ReadsWithTopic<S, T, BytesView>) {
    return serde.deserialize(topic, bytes);
  } else if constexpr (ReadsPlain<S, T, BytesView>) {
    return serde.deserialize(bytes);
  } else {
    if (!bytes) throw_unexpected_null(type_name<T>());
    if constexpr (ReadsWithTopic<S, T, std::string_view>) {
      return serde.deserialize(topic, *bytes);
    } else {
      return serde.deserialize(*bytes);
    }
  }
}

/// The encoded size in bytes, if all values of T have the same size; otherwise 0. Kafka's list format stores such
/// entries without lengths.
template <class S>
constexpr std::int32_t fixed_size_of() {
  if constexpr (requires { S::kFixedSize; }) return S::kFixedSize;
  return 0;
}

/// The number of bytes that the serde of a windowed key appends after the inner key; 0 for other serdes.
template <class S>
constexpr std::size_t window_suffix_of() {
  if constexpr (requires { S::kWindowSuffixBytes; }) return S::kWindowSuffixBytes;
  return 0;
}

/// The virtual interface behind AnySerde. Constant after construction, so all threads may share one object if the serde
/// is thread-safe.
template <class T>
class SerdeInterface {
 public:
  virtual ~SerdeInterface() = default;
  [[nodiscard]] virtual std::size_t window_suffix_bytes() const = 0;
  virtual bool serialize(std::string_view topic, const T& value, std::string& out) const = 0;
  virtual T deserialize(std::string_view topic, BytesView bytes) const = 0;
};

/// Adapts a serde object of type S to the interface. Owns the object.
template <class T, class S>
class SerdeOf final : public SerdeInterface<T> {
 public:
  explicit SerdeOf(S serde) : serde_(std::move(serde)) {}

  [[nodiscard]] std::size_t window_suffix_bytes() const override { return window_suffix_of<S>(); }

  bool serialize(std::string_view topic, const T& value, std::string& out) const override {
    return write_with(serde_, topic, value, out);
  }

  T deserialize(std::string_view topic, BytesView bytes) const override { return read_with<T>(serde_, topic, bytes); }

 private:
  [[no_unique_address]] S serde_;
};

template <class T>
struct IsOptional : std::false_type {
  using Value = void;  // clang needs a type here, wherever a constraint names it
};

template <class T>
struct IsOptional<std::optional<T>> : std::true_type {
  using Value = T;
};

}  // namespace millrace::detail
