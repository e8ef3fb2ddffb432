// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/common/detail/saturating.hpp"

#include "millrace/common/errors.hpp"
#include "millrace/common/time.hpp"
#include "millrace/common/windowed.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/serde.hpp"

// The serdes of windowed keys on topics. If a stream is sent with `to()` under one of these serdes, only the inner key
// decides the partition. So all windows of a key are in the same partition. (Kafka Streams:
// `WindowedStreamPartitioner`.)
namespace millrace {
namespace detail {

/// The bytes before the window suffix. Throws SerializationException if there are fewer bytes than `suffix`.
[[nodiscard]] inline std::string_view inner_key(std::string_view bytes, std::size_t suffix, const char* kind) {
  if (bytes.size() >= suffix) return bytes.substr(0, bytes.size() - suffix);
  throw SerializationException(std::string("a ") + kind + " key has " + std::to_string(bytes.size()) +
                               " bytes; it needs at least " + std::to_string(suffix) + " for the window's times");
}

/// Reads a big-endian time in ms. REQUIRES: eight bytes.
[[nodiscard]] inline Timestamp read_time(std::string_view eight_bytes) {
  return static_cast<Timestamp>(read_big_endian<std::uint64_t>(eight_bytes, "Timestamp"));
}

/// Appends the inner key. Throws SerializationException if it is null.
template <class K>
void append_inner_key(const AnySerde<K>& serde, std::string_view topic, Headers* headers, const K& key,
                      std::string& out) {
  if (!serde.serialize(topic, headers, key, out)) {
    throw SerializationException("the key inside a window is null; windowed keys for topic '" + std::string(topic) +
                                 "' need one");
  }
}

}  // namespace detail

/// Layout: `key ... | start (8 bytes)`. The end is not stored, so a reader must know the window size. An end beyond the
/// largest timestamp is cut to that timestamp. With std::optional keys, null and empty bytes are nullopt. (Kafka
/// Streams: `TimeWindowedSerde`.)
template <class K>
class TimeWindowedSerde {
 public:
  static constexpr std::size_t kWindowSuffixBytes = 8;

  /// Throws ConfigException if `window_size` is not positive.
  explicit TimeWindowedSerde(Millis window_size, AnySerde<K> inner = detail::own_serde<K>())
      : size_ms_(window_size.count()), inner_(std::move(inner)) {
    if (size_ms_ <= 0) {
      throw ConfigException("TimeWindowedSerde: the window size is " + std::to_string(size_ms_) +
                            " ms; it must be the positive size of the windows that are read");
    }
  }

  void serialize(std::string_view topic, Headers* headers, const Windowed<K>& key, std::string& out) const {
    detail::append_inner_key(inner_, topic, headers, key.key, out);
    detail::append_big_endian(static_cast<std::uint64_t>(key.window.start), out);
  }

  void serialize(std::string_view topic, const Windowed<K>& key, std::string& out) const {
    serialize(topic, nullptr, key, out);
  }

  [[nodiscard]] Windowed<K> deserialize(std::string_view topic, const Headers* headers, std::string_view bytes) const {
    const auto key = detail::inner_key(bytes, kWindowSuffixBytes, "time-windowed");
    const Timestamp start = detail::read_time(bytes.substr(key.size()));
    const Timestamp end = detail::saturating_add(start, size_ms_);
    // The inner serde gets the same topic's name.
    return {inner_.deserialize(topic, headers, key), {start, end}};
  }
  [[nodiscard]] Windowed<K> deserialize(std::string_view topic, std::string_view bytes) const {
    return deserialize(topic, nullptr, bytes);
  }

  // For the engine.
  [[nodiscard]] bool writes_headers() const { return inner_.writes_headers(); }
  [[nodiscard]] bool has_life_cycle() const { return inner_.has_life_cycle(); }
  void prepare(detail::ConfiguredSerdes& application, bool is_key) { inner_.prepare(application, is_key); }

 private:
  std::int64_t size_ms_;
  AnySerde<K> inner_;
};

/// Layout: `key ... | end (8 bytes) | start (8 bytes)`. With std::optional keys, null and empty bytes are nullopt.
/// (Kafka Streams: `SessionWindowedSerde`.)
template <class K>
class SessionWindowedSerde {
 public:
  static constexpr std::size_t kWindowSuffixBytes = 16;

  /// `inner`: the serde of the key inside the window.
  explicit SessionWindowedSerde(AnySerde<K> inner = detail::own_serde<K>()) : inner_(std::move(inner)) {}

  void serialize(std::string_view topic, Headers* headers, const Windowed<K>& key, std::string& out) const {
    detail::append_inner_key(inner_, topic, headers, key.key, out);
    detail::append_big_endian(static_cast<std::uint64_t>(key.window.end), out);
    detail::append_big_endian(static_cast<std::uint64_t>(key.window.start), out);
  }

  void serialize(std::string_view topic, const Windowed<K>& key, std::string& out) const {
    serialize(topic, nullptr, key, out);
  }

  [[nodiscard]] Windowed<K> deserialize(std::string_view topic, const Headers* headers, std::string_view bytes) const {
    const auto key = detail::inner_key(bytes, kWindowSuffixBytes, "session-windowed");
    const Timestamp end = detail::read_time(bytes.substr(key.size(), 8));
    const Timestamp start = detail::read_time(bytes.substr(key.size() + 8));
    return {inner_.deserialize(topic, headers, key), {start, end}};
  }
  [[nodiscard]] Windowed<K> deserialize(std::string_view topic, std::string_view bytes) const {
    return deserialize(topic, nullptr, bytes);
  }

  // For the engine.
  [[nodiscard]] bool writes_headers() const { return inner_.writes_headers(); }
  [[nodiscard]] bool has_life_cycle() const { return inner_.has_life_cycle(); }
  void prepare(detail::ConfiguredSerdes& application, bool is_key) { inner_.prepare(application, is_key); }

 private:
  AnySerde<K> inner_;
};

/// Makes a serde of std::optional<Windowed<K>> from a serde of Windowed<K>. As in Java, empty bytes are null too. A
/// specialisation, because the sink must still find the length of the window's suffix.
template <class K, class S>
requires((SerializerFor<S, Windowed<K>> || DeserializerFor<S, Windowed<K>>)&&detail::window_suffix_of<S>() >
         0) class OptionalSerde<Windowed<K>, S> {
 public:
  static constexpr std::size_t kWindowSuffixBytes = detail::window_suffix_of<S>();

  explicit OptionalSerde(S serde) : serde_(std::move(serde)) {}

  bool serialize(std::string_view topic, Headers* headers, const std::optional<Windowed<K>>& key,
                 std::string& out) const requires SerializerFor<S, Windowed<K>> {
    return key && detail::write_with(serde_, topic, headers, *key, out);
  }
  bool serialize(std::string_view topic, const std::optional<Windowed<K>>& key,
                 std::string& out) const requires SerializerFor<S, Windowed<K>> {
    return serialize(topic, nullptr, key, out);
  }

  std::optional<Windowed<K>> deserialize(std::string_view topic, const Headers* headers,
                                         BytesView bytes) const requires DeserializerFor<S, Windowed<K>> {
    if (!bytes || bytes->empty()) return std::nullopt;
    return detail::read_with<Windowed<K>>(serde_, topic, headers, bytes);
  }
  std::optional<Windowed<K>> deserialize(std::string_view topic,
                                         BytesView bytes) const requires DeserializerFor<S, Windowed<K>> {
    return deserialize(topic, nullptr, bytes);
  }

  // For the engine.
  [[nodiscard]] bool writes_headers() const { return detail::writes_headers<Windowed<K>>(serde_); }
  [[nodiscard]] bool has_life_cycle() const { return detail::has_life_cycle(serde_); }
  void prepare(detail::ConfiguredSerdes& application, bool is_key) requires detail::MayHaveLifeCycle<S> {
    detail::prepare_serde(serde_, application, is_key);
  }
  void close() requires detail::ClosesItself<S> { detail::close_serde(serde_); }

 private:
  S serde_;
};

}  // namespace millrace
