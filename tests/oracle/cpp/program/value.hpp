// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "millrace/common/bytes.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/state/windowed.hpp"

namespace oracle::program {

/// A key or value whose type is known only when a program runs: null, a string or a long. One C++ type for all of them
/// lets the compiler compile every operator only once.
class Dynamic {
 public:
  Dynamic() = default;
  Dynamic(std::string text) : value_(std::move(text)) {}  // NOLINT(google-explicit-constructor): as a literal would
  Dynamic(std::int64_t number) : value_(number) {}        // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool is_null() const { return value_.index() == 0; }
  [[nodiscard]] const std::string* string() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const std::int64_t* number() const { return std::get_if<std::int64_t>(&value_); }

  auto operator<=>(const Dynamic&) const = default;

 private:
  std::variant<std::monostate, std::string, std::int64_t> value_;
};

using Key = Dynamic;                   ///< of a stream: may be null
using Value = std::optional<Dynamic>;  ///< of a stream: never a null Dynamic
using Number = std::optional<std::int64_t>;
using WindowedKey = millrace::Windowed<Dynamic>;

/// The type of a key or value. The counterpart of Java's Type.
struct Type {
  enum class Windows { none, time, session };

  static const Type string;
  static const Type number;

  bool is_number = false;
  Windows windows = Windows::none;  ///< of keys
  std::int64_t window_size = 0;     ///< of windows of time
};
inline const Type Type::string{};
inline const Type Type::number{true, Windows::none, 0};

/// The text that Java's String.valueOf returns.
[[nodiscard]] std::string text(const Dynamic& value);
[[nodiscard]] std::string text(const WindowedKey& key);

[[nodiscard]] inline Dynamic dynamic(const Dynamic& value) { return value; }
[[nodiscard]] inline Dynamic dynamic(const Value& value) { return value.value_or(Dynamic()); }
[[nodiscard]] inline Dynamic dynamic(std::int64_t value) { return value; }
[[nodiscard]] inline Dynamic dynamic(const Number& value) { return value ? Dynamic(*value) : Dynamic(); }
[[nodiscard]] inline Dynamic dynamic(const WindowedKey& key) { return text(key); }

[[nodiscard]] inline Value nullable(const Dynamic& value) { return value.is_null() ? Value() : Value(value); }

/// The bytes of the value in its own type. nullopt for null.
[[nodiscard]] std::optional<std::string> bytes(const Dynamic& value);

/// Writes and reads a Dynamic as the given type.
struct DynamicSerde {
  Type type = {};

  bool serialize(const Dynamic& value, std::string& out) const;
  [[nodiscard]] Dynamic deserialize(millrace::BytesView bytes) const;
};

/// The same for values, where null is nullopt.
struct ValueSerde {
  Type type = {};

  bool serialize(const Value& value, std::string& out) const {
    return value && DynamicSerde{type}.serialize(*value, out);
  }
  [[nodiscard]] Value deserialize(millrace::BytesView bytes) const {
    return bytes ? Value(DynamicSerde{type}.deserialize(bytes)) : Value();
  }
};

/// Windowed keys in the format of Kafka's windowed serdes.
struct WindowedKeySerde {
  Type type = {};

  void serialize(std::string_view topic, const WindowedKey& key, std::string& out) const;
  [[nodiscard]] WindowedKey deserialize(std::string_view topic, std::string_view bytes) const;
};

}  // namespace oracle::program

/// The default serde if a program gives none: strings, as Java's runner configures.
template <>
struct millrace::Serde<oracle::program::Dynamic> : oracle::program::DynamicSerde {};

namespace millrace::detail {

/// Makes a key nullable without std::optional. With std::optional, every operator would be compiled a second time for
/// the keys of tables, which are never null.
template <>
inline bool is_null<oracle::program::Dynamic>(const oracle::program::Dynamic& value) {
  return value.is_null();
}

}  // namespace millrace::detail
