// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/serde/detail/configured_serdes.hpp"

// Calls a serde object in whichever form it offers: with or without topic and headers, with or without null. serde.hpp
// describes the forms.
namespace millrace::detail {

template <class S, class T>
concept WritesPlain = requires(const S& serde, const T& value, std::string& out) {
  serde.serialize(value, out);
};

template <class S, class T>
concept WritesWithTopic = requires(const S& serde, std::string_view topic, const T& value, std::string& out) {
  serde.serialize(topic, value, out);
};

template <class S, class T>
concept WritesWithHeaders = requires(const S& serde, std::string_view topic, Headers* headers, const T& value,
                                     std::string& out) {
  serde.serialize(topic, headers, value, out);
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

template <class S, class T, class Input>
concept ReadsWithHeaders = requires(const S& serde, std::string_view topic, const Headers* headers, Input bytes) {
  { serde.deserialize(topic, headers, bytes) } -> std::same_as<T>;
};

// Any form. The topic's name lets a serde treat topics differently, as Kafka's serdes may.
template <class S, class T>
concept WritesWith = WritesPlain<S, T> || WritesWithTopic<S, T> || WritesWithHeaders<S, T>;

template <class S, class T>
concept ReadsWith = ReadsPlain<S, T, std::string_view> || ReadsWithTopic<S, T, std::string_view> ||
    ReadsWithHeaders<S, T, std::string_view>;

template <class S>
concept ConfiguresItself = requires(S& serde, const SerdeConfigs& configs) {
  serde.configure(configs, true);
};

template <class S>
concept ClosesItself = requires(S& serde) {
  serde.close();
};

/// A serde of the engine that holds other serdes and prepares them.
template <class S>
concept PreparesOthers = requires(S& serde, ConfiguredSerdes& application) {
  serde.prepare(application, true);
};

/// Whether a serde of type S may have to be configured or closed.
template <class S>
concept MayHaveLifeCycle = ConfiguresItself<S> || ClosesItself<S> || PreparesOthers<S>;

/// Whether this serde, or a serde inside it, must be configured before its use or closed after it.
template <class S>
[[nodiscard]] bool has_life_cycle(const S& serde) {
  if constexpr (requires { serde.has_life_cycle(); }) return serde.has_life_cycle();
  return ConfiguresItself<S> || ClosesItself<S>;
}

/// Makes a serde ready for use in an application. Passes on what configure() throws.
template <class S>
void prepare_serde(S& serde, ConfiguredSerdes& application, bool is_key) {
  if constexpr (PreparesOthers<S>) {
    serde.prepare(application, is_key);
  } else if constexpr (ConfiguresItself<S>) {
    serde.configure(application.configs(), is_key);
  }
}

template <class S>
void close_serde(S& serde) {
  if constexpr (ClosesItself<S>) serde.close();
}

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

/// Whether the serde wants the headers of the record that is written.
template <class T, class S>
[[nodiscard]] bool writes_headers(const S& serde) {
  if constexpr (requires { serde.writes_headers(); }) return serde.writes_headers();
  return WritesWithHeaders<S, T>;
}

/// Appends the bytes of `value` to `out`. Returns false for Kafka's null. `headers`: those of the record; null: it has
/// none.
template <class T, class S>
bool write_with(const S& serde, std::string_view topic, Headers* headers, const T& value, std::string& out) {
  auto call = [&]() -> decltype(auto) {
    if constexpr (WritesWithHeaders<S, T>) {
      return serde.serialize(topic, headers, value, out);
    } else if constexpr (WritesWithTopic<S, T>) {
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

/// Decodes a T. Throws SerializationException for null if the serde cannot read null. `headers`: those of the record;
/// null: it has none.
template <class T, class S>
T read_with(const S& serde, std::string_view topic, const Headers* headers, BytesView bytes) {
  if constexpr (ReadsWithHeaders<S, T, BytesView>) {
    return serde.deserialize(topic, headers, bytes);
  } else if constexpr (ReadsWithTopic<S, T, BytesView>) {
    return serde.deserialize(topic, bytes);
  } else if constexpr (ReadsPlain<S, T, BytesView>) {
    return serde.deserialize(bytes);
  } else {
    if (!bytes) throw_unexpected_null(type_name<T>());
    if constexpr (ReadsWithHeaders<S, T, std::string_view>) {
      return serde.deserialize(topic, headers, *bytes);
    } else if constexpr (ReadsWithTopic<S, T, std::string_view>) {
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

/// The virtual interface behind AnySerde. Constant from the first use until close(), so all threads may share one
/// object if the serde is thread-safe.
template <class T>
class SerdeInterface : public SerdeBase {
 public:
  [[nodiscard]] virtual std::size_t window_suffix_bytes() const = 0;
  [[nodiscard]] virtual bool writes_headers() const = 0;
  virtual bool serialize(std::string_view topic, Headers* headers, const T& value, std::string& out) const = 0;
  virtual T deserialize(std::string_view topic, const Headers* headers, BytesView bytes) const = 0;
};

/// Adapts a serde object of type S to the interface. Owns the object. S may also be an object that only reads or only
/// writes. Then nobody calls the other function: AnyDeserializer and AnySerializer do not offer it.
template <class T, class S>
class SerdeOf final : public SerdeInterface<T> {
 public:
  explicit SerdeOf(S serde) : serde_(std::move(serde)) {}

  [[nodiscard]] std::size_t window_suffix_bytes() const override { return window_suffix_of<S>(); }
  [[nodiscard]] bool writes_headers() const override { return detail::writes_headers<T>(serde_); }

  bool serialize(std::string_view topic, Headers* headers, const T& value, std::string& out) const override {
    if constexpr (WritesWith<S, T>) {
      return write_with(serde_, topic, headers, value, out);
    } else {
      throw std::logic_error("a serde that only reads was asked to write");
    }
  }
  T deserialize(std::string_view topic, const Headers* headers, BytesView bytes) const override {
    if constexpr (ReadsWith<S, T>) {
      return read_with<T>(serde_, topic, headers, bytes);
    } else {
      throw std::logic_error("a serde that only writes was asked to read");
    }
  }

  [[nodiscard]] bool has_life_cycle() const override { return detail::has_life_cycle(serde_); }
  [[nodiscard]] std::shared_ptr<SerdeBase> prepared(ConfiguredSerdes& application, bool is_key) const override {
    if constexpr (MayHaveLifeCycle<S>) {
      static_assert(std::copy_constructible<S>,
                    "a serde with configure() or close() must be copyable: each application configures its own copy");
      S copy = serde_;
      prepare_serde(copy, application, is_key);
      return std::make_shared<SerdeOf>(std::move(copy));
    }
    return nullptr;
  }
  void close() override { close_serde(serde_); }

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
