// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/serde/json.hpp"
#include "millrace/serde/serde.hpp"

// Serdes for JSON of unknown shape (nlohmann::json itself), and for types with nlohmann's to_json and from_json. They
// build a tree per record and cost about ten times as much as MILLRACE_JSON, both in run time and in compile time.
// Include this header only where you need it. Every file that uses the serdes of such types must include it.
namespace millrace {
namespace detail {

template <class T>
struct IsVector : std::false_type {};
template <class T, class A>
struct IsVector<std::vector<T, A>> : std::true_type {};

/// Classes that nlohmann::json converts both ways and that have no other serde. (A type with an explicit specialisation
/// of Serde keeps that specialisation.)
template <class T>
concept NlohmannConvertible = std::is_class_v<T> && !JsonDeclared<T> && !IsOptional<T>::value && !IsVector<T>::value &&
                              std::default_initializable<T> &&
                              requires(nlohmann::json & json, const nlohmann::json& constant, const T& in, T& out) {
  nlohmann::adl_serializer<T>::to_json(json, in);
  nlohmann::adl_serializer<T>::from_json(constant, out);
};

/// Their fields are not looked for: these types have a JSON form already.
template <NlohmannConvertible T>
inline constexpr bool kOtherJson<T> = true;

/// Parses JSON text. Throws SerializationException for broken text and for text that is nested deeper than
/// kMaxJsonDepth.
[[nodiscard]] inline nlohmann::json parse_nlohmann(std::string_view text) {
  auto limit_depth = [](int depth, nlohmann::json::parse_event_t /*event*/, nlohmann::json& /*parsed*/) {
    if (depth > static_cast<int>(kMaxJsonDepth)) {
      throw SerializationException("JSON: nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
    }
    return true;
  };
  // Only a text with more brackets than that can be nested too deeply. Other texts are parsed without the callback,
  // which costs time.
  std::size_t brackets = 0;
  for (char c : text) brackets += c == '[' || c == '{' ? 1 : 0;
  try {
    if (brackets > kMaxJsonDepth) return nlohmann::json::parse(text, limit_depth);
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw SerializationException(std::string("JSON: ") + error.what());
  }
}

/// Appends JSON text. Throws SerializationException for strings that are not UTF-8.
inline void append_nlohmann(const nlohmann::json& json, std::string& out) {
  try {
    out += json.dump();
  } catch (const nlohmann::json::exception& error) {
    throw SerializationException(std::string("JSON: ") + error.what());
  }
}

}  // namespace detail

/// Any JSON value. NaN and infinity are written as null, because nlohmann::json does so.
template <>
struct Serde<nlohmann::json> {
  void serialize(const nlohmann::json& value, std::string& out) const { detail::append_nlohmann(value, out); }
  nlohmann::json deserialize(std::string_view bytes) const { return detail::parse_nlohmann(bytes); }
};

/// A type with nlohmann's to_json and from_json (e.g. by NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE).
template <detail::NlohmannConvertible T>
struct Serde<T> {
  void serialize(const T& value, std::string& out) const {
    try {
      nlohmann::json json(value);
      // nlohmann writes an unordered container as an array, in iteration order. This order depends on earlier
      // insertions, but equal keys must give equal bytes.
      if constexpr (requires { typename T::hasher; }) {
        if (json.is_array()) std::sort(json.begin(), json.end());
      }
      detail::append_nlohmann(json, out);
    } catch (const nlohmann::json::exception& error) {
      throw SerializationException(std::string("JSON: ") + error.what());
    }
  }
  T deserialize(std::string_view bytes) const {
    // parse_nlohmann() reports errors of the text. The block below reports a value of another shape.
    nlohmann::json json = detail::parse_nlohmann(bytes);
    try {
      T value{};
      json.get_to(value);
      return value;
    } catch (const nlohmann::json::exception& error) {
      throw SerializationException(std::string("JSON: ") + error.what());
    }
  }
};

/// A member of unknown shape in a struct declared with MILLRACE_JSON.
template <>
struct JsonCodec<nlohmann::json> {
  static constexpr bool kStructured = true;

  static void read(JsonReader& in, nlohmann::json& out) { out = detail::parse_nlohmann(in.read_raw()); }
  static void write(JsonWriter& out, const nlohmann::json& value) {
    std::string text;
    detail::append_nlohmann(value, text);
    out.write_raw(text);
  }
};

}  // namespace millrace
