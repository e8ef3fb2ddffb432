// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/serde/serde.hpp"

namespace millrace {

/// The reading half of a serde of T, behind one virtual call. Sources and the output topics of tests need no more. Made
/// from a serde, or from an object that has only the function `deserialize` of a serde. Copies are cheap. Thread-safe
/// if the object is. (Kafka: `Deserializer`.)
template <class T>
class AnyDeserializer {
 public:
  /// The default serde of T.
  AnyDeserializer() requires HasSerde<T> : AnyDeserializer(AnySerde<T>()) {}
  /// A template, so that nothing is converted to AnySerde first.
  template <std::same_as<AnySerde<T>> S>
  AnyDeserializer(const S& serde)  // NOLINT(google-explicit-constructor): a serde can do more
      : implementation_(serde.implementation_) {}
  /// Wraps an object. Converts implicitly, so that it can be passed wherever an AnyDeserializer is expected.
  template <DeserializerFor<T> S>
  requires(!std::same_as<S, AnyDeserializer> && !std::same_as<S, AnySerde<T>>)
      AnyDeserializer(S object)  // NOLINT(google-explicit-constructor)
      : implementation_(detail::share<const detail::SerdeInterface<T>, detail::SerdeOf<T, S>>(std::move(object))) {}
  /// Makes an AnyDeserializer<std::optional<V>> from a deserializer of V.
  template <class S>
  requires(!std::same_as<S, AnyDeserializer> && !DeserializerFor<S, T> && detail::IsOptional<T>::value &&
           DeserializerFor<S, typename detail::IsOptional<T>::Value>)
      AnyDeserializer(S object)  // NOLINT(google-explicit-constructor)
      : AnyDeserializer(OptionalSerde<typename detail::IsOptional<T>::Value, S>(std::move(object))) {}

  /// As AnySerde::deserialize().
  [[nodiscard]] T deserialize(std::string_view topic, const Headers* headers, BytesView bytes) const {
    return implementation_->deserialize(topic, headers, bytes);
  }
  [[nodiscard]] T deserialize(std::string_view topic, BytesView bytes) const {
    return implementation_->deserialize(topic, nullptr, bytes);
  }

  // For the engine.
  [[nodiscard]] bool has_life_cycle() const { return implementation_->has_life_cycle(); }
  void prepare(detail::ConfiguredSerdes& application, bool is_key) {
    detail::prepare_shared(implementation_, application, is_key);
  }

 private:
  std::shared_ptr<const detail::SerdeInterface<T>> implementation_;
};

/// The writing half of a serde of T, behind one virtual call. Sinks and the input topics of tests need no more. Made
/// from a serde, or from an object that has only the function `serialize` of a serde. Copies are cheap. Thread-safe if
/// the object is. (Kafka: `Serializer`.)
template <class T>
class AnySerializer {
 public:
  /// The default serde of T.
  AnySerializer() requires HasSerde<T> : AnySerializer(AnySerde<T>()) {}
  /// A template, so that nothing is converted to AnySerde first.
  template <std::same_as<AnySerde<T>> S>
  AnySerializer(const S& serde)  // NOLINT(google-explicit-constructor): a serde can do more
      : implementation_(serde.implementation_) {}
  /// Wraps an object. Converts implicitly, so that it can be passed wherever an AnySerializer is expected.
  template <SerializerFor<T> S>
  requires(!std::same_as<S, AnySerializer> && !std::same_as<S, AnySerde<T>>)
      AnySerializer(S object)  // NOLINT(google-explicit-constructor)
      : implementation_(detail::share<const detail::SerdeInterface<T>, detail::SerdeOf<T, S>>(std::move(object))) {}
  /// Makes an AnySerializer<std::optional<V>> from a serializer of V.
  template <class S>
  requires(!std::same_as<S, AnySerializer> && !SerializerFor<S, T> && detail::IsOptional<T>::value &&
           SerializerFor<S, typename detail::IsOptional<T>::Value>)
      AnySerializer(S object)  // NOLINT(google-explicit-constructor)
      : AnySerializer(OptionalSerde<typename detail::IsOptional<T>::Value, S>(std::move(object))) {}

  /// As AnySerde::serialize().
  [[nodiscard]] bool serialize(std::string_view topic, Headers* headers, const T& value, std::string& out) const {
    return implementation_->serialize(topic, headers, value, out);
  }
  [[nodiscard]] bool serialize(std::string_view topic, const T& value, std::string& out) const {
    return implementation_->serialize(topic, nullptr, value, out);
  }
  /// As AnySerde::writes_headers().
  [[nodiscard]] bool writes_headers() const { return implementation_->writes_headers(); }
  /// As AnySerde::window_suffix_bytes().
  [[nodiscard]] std::size_t window_suffix_bytes() const { return implementation_->window_suffix_bytes(); }

  // For the engine.
  [[nodiscard]] bool has_life_cycle() const { return implementation_->has_life_cycle(); }
  void prepare(detail::ConfiguredSerdes& application, bool is_key) {
    detail::prepare_shared(implementation_, application, is_key);
  }

 private:
  std::shared_ptr<const detail::SerdeInterface<T>> implementation_;
};

}  // namespace millrace
