// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/common/detail/saturating.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/detail/cached_store.hpp"
#include "millrace/state/key_value_store.hpp"
#include "millrace/state/window_store.hpp"

namespace millrace::detail {

/// How a cache listener sees a stored value that has no timestamp: unchanged, with the record's timestamp.
template <class V>
struct PlainValue {
  using Type = V;
  static V strip(V&& stored) { return std::move(stored); }
  static Timestamp time(const V& /*stored*/, Timestamp record_time) { return record_time; }
};
/// How a cache listener sees a stored value. If the value has a timestamp, the listener gets the value without it, and
/// the timestamp becomes the change's timestamp.
template <class V>
struct StoredValue : PlainValue<V> {};
template <class V>
struct StoredValue<ValueAndTimestamp<V>> {
  using Type = V;
  static V strip(ValueAndTimestamp<V>&& stored) { return std::move(stored.value); }
  static Timestamp time(const ValueAndTimestamp<V>& stored, Timestamp /*record_time*/) { return stored.timestamp; }
};

/// Decodes a change that leaves the cache of a byte store and passes it to the listener. `decode(std::string_view)`
/// makes a V.
template <class V, class Stored = StoredValue<V>, class K, class Decode>
void pass_flush_on(const CacheFlush& flush, K key, const FlushListener<K, typename Stored::Type>& listener,
                   const Decode& decode) {
  std::optional<typename Stored::Type> new_value;
  std::optional<typename Stored::Type> old_value;
  Timestamp timestamp = flush.timestamp;
  if (flush.new_value) {
    V stored = decode(*flush.new_value);
    timestamp = Stored::time(stored, timestamp);
    new_value = Stored::strip(std::move(stored));
  }
  if (flush.old_value) old_value = Stored::strip(decode(*flush.old_value));
  listener(std::move(key), std::move(new_value), std::move(old_value), timestamp);
}

/// The serdes and scratch buffers of a typed store. `topic` is the changelog's name, which the serdes get as their
/// topic; Java does the same. One thread, because calls share the buffers.
template <class K, class V>
class StoreCodec {
 public:
  StoreCodec(std::string topic, AnySerde<K> key_serde, AnySerde<V> value_serde)
      : topic_(std::move(topic)), key_serde_(std::move(key_serde)), value_serde_(std::move(value_serde)) {}

  /// The bytes of a key. Valid until the next call of key(). Throws SerializationException if the key serializes to
  /// null.
  [[nodiscard]] std::string_view key(const K& key) { return encode_key(key, key_buffer_); }
  /// A bound of a range. The bytes are kept in `buffer`, because a range has two bounds at once.
  [[nodiscard]] BytesView end_key(const std::optional<K>& key, std::string& buffer) {
    if (!key) return std::nullopt;
    return encode_key(*key, buffer);
  }
  /// The bytes of a value; nullopt if the serde writes null. Valid until the next call of value().
  [[nodiscard]] BytesView value(const V& value) {
    value_buffer_.clear();
    if (!value_serde_.serialize(topic_, value, value_buffer_)) return std::nullopt;
    return std::string_view(value_buffer_);
  }
  /// Throws SerializationException if the bytes are not a key or value of this store.
  [[nodiscard]] K decode_key(std::string_view bytes) const { return key_serde_.deserialize(topic_, bytes); }
  [[nodiscard]] V decode_value(std::string_view bytes) const { return value_serde_.deserialize(topic_, bytes); }

 private:
  std::string_view encode_key(const K& key, std::string& buffer) {
    buffer.clear();
    if (!key_serde_.serialize(topic_, key, buffer)) {
      throw SerializationException("a null key cannot be used with the state store behind '" + topic_ + "'");
    }
    return buffer;
  }

  std::string topic_;
  AnySerde<K> key_serde_;
  AnySerde<V> value_serde_;
  std::string key_buffer_;
  std::string value_buffer_;
};

/// A key-value store with types. It encodes keys and values and calls the byte store below, which it shares with the
/// engine. One thread. (Kafka Streams: `MeteredKeyValueStore`.)
template <class K, class V>
class TypedKeyValueStore final : public KeyValueStore<K, V>, public CachedStore<K, typename StoredValue<V>::Type> {
 public:
  TypedKeyValueStore(std::shared_ptr<KeyValueBytesStore> bytes, StoreCodec<K, V> codec)
      : bytes_(std::move(bytes)), codec_(std::move(codec)) {}

  [[nodiscard]] const std::string& name() const override { return bytes_->name(); }
  [[nodiscard]] bool persistent() const override { return bytes_->persistent(); }
  void flush() override { bytes_->flush(); }

  [[nodiscard]] std::optional<V> get(const K& key) override { return decode(bytes_->get(codec_.key(key))); }

  void put(const K& key, const V& value) override { bytes_->put(codec_.key(key), codec_.value(value)); }

  void put_one(const K& key, const V* value) override {
    bytes_->put(codec_.key(key), value == nullptr ? std::nullopt : codec_.value(*value));
  }

  std::optional<V> remove(const K& key) override {
    // Encoded once for both calls. The byte store copies what it keeps.
    const auto key_bytes = codec_.key(key);
    auto old = decode(bytes_->get(key_bytes));
    bytes_->put(key_bytes, std::nullopt);
    return old;
  }

  std::optional<V> put_if_absent(const K& key, const V& value) override {
    bytes_->require_writable();  // a read-only store must throw even if there is nothing to put
    const auto key_bytes = codec_.key(key);
    auto old = decode(bytes_->get(key_bytes));
    if (!old) bytes_->put(key_bytes, codec_.value(value));
    return old;
  }

  [[nodiscard]] KeyValueIterator<K, V> range(const std::optional<K>& from, const std::optional<K>& to) override {
    return walk(from, to, true);
  }
  [[nodiscard]] KeyValueIterator<K, V> reverse_range(const std::optional<K>& from,
                                                     const std::optional<K>& to) override {
    return walk(from, to, false);
  }

  [[nodiscard]] KeyValueIterator<K, V> prefix_scan_bytes(std::string_view prefix) override {
    return iterate(bytes_->prefix_scan(prefix));
  }

  [[nodiscard]] std::uint64_t approximate_num_entries() override { return bytes_->approximate_num_entries(); }

  bool set_flush_listener(FlushListener<K, typename StoredValue<V>::Type> listener, bool send_old_values) override {
    listener_ = std::move(listener);  // a member, so that the function object below stays small
    return listen_to_cache(
        *bytes_,
        [this](const CacheFlush& flush) {
          pass_flush_on<V>(flush, codec_.decode_key(flush.key), listener_,
                           [this](std::string_view bytes) { return codec_.decode_value(bytes); });
        },
        send_old_values);
  }

 private:
  [[nodiscard]] std::optional<V> decode(BytesView bytes) const {
    if (!bytes) return std::nullopt;
    return codec_.decode_value(*bytes);
  }
  // Typed bounds become bytes. The byte store copies them, so the buffers may end here.
  [[nodiscard]] KeyValueIterator<K, V> walk(const std::optional<K>& from, const std::optional<K>& to, bool forward) {
    std::string from_buffer;
    std::string to_buffer;
    return iterate(bytes_->range(codec_.end_key(from, from_buffer), codec_.end_key(to, to_buffer), forward));
  }
  [[nodiscard]] KeyValueIterator<K, V> iterate(std::unique_ptr<BytesIterator> bytes) {
    return {std::move(bytes), [this](const BytesIterator& it) {
              return KeyValue<K, V>{codec_.decode_key(it.key()), codec_.decode_value(it.value())};
            }};
  }

  std::shared_ptr<KeyValueBytesStore> bytes_;
  StoreCodec<K, V> codec_;
  FlushListener<K, typename StoredValue<V>::Type> listener_;
};

/// A window store with types. It encodes keys and values and calls the byte store below, which it shares with the
/// engine. One thread. (Kafka Streams: `MeteredWindowStore`.)
template <class K, class V>
class TypedWindowStore final : public WindowStore<K, V>,
                               public CachedStore<Windowed<K>, typename StoredValue<V>::Type> {
 public:
  TypedWindowStore(std::shared_ptr<WindowBytesStore> bytes, StoreCodec<K, V> codec)
      : bytes_(std::move(bytes)), codec_(std::move(codec)) {}

  [[nodiscard]] const std::string& name() const override { return bytes_->name(); }
  [[nodiscard]] bool persistent() const override { return bytes_->persistent(); }
  void flush() override { bytes_->flush(); }

  void put_one(const K& key, const V* value, Timestamp window_start) override {
    bytes_->put(codec_.key(key), value == nullptr ? std::nullopt : codec_.value(*value), window_start);
  }

  [[nodiscard]] std::optional<V> fetch(const K& key, Timestamp window_start) override {
    const BytesView found = bytes_->fetch(codec_.key(key), window_start);
    if (!found) return std::nullopt;
    return codec_.decode_value(*found);
  }

  void fetch_each(const K& key, Timestamp from, Timestamp to, FunctionRef<bool(Timestamp, V&&)> visit) override {
    bytes_->fetch_each(codec_.key(key), from, to, [&](Timestamp start, std::string_view value) {
      return visit(start, codec_.decode_value(value));
    });
  }

  [[nodiscard]] KeyValueIterator<Timestamp, V> fetch(const K& key, Timestamp from, Timestamp to) override {
    return by_time(key, from, to, true);
  }
  [[nodiscard]] KeyValueIterator<Timestamp, V> backward_fetch(const K& key, Timestamp from, Timestamp to) override {
    return by_time(key, from, to, false);
  }

  [[nodiscard]] KeyValueIterator<Windowed<K>, V> fetch(const std::optional<K>& key_from, const std::optional<K>& key_to,
                                                       Timestamp from, Timestamp to) override {
    return over_keys(key_from, key_to, from, to, true);
  }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> backward_fetch(const std::optional<K>& key_from,
                                                                const std::optional<K>& key_to, Timestamp from,
                                                                Timestamp to) override {
    return over_keys(key_from, key_to, from, to, false);
  }

  bool set_flush_listener(FlushListener<Windowed<K>, typename StoredValue<V>::Type> listener,
                          bool send_old_values) override {
    listener_ = std::move(listener);  // a member, so that the function object below stays small
    return listen_to_cache(
        *bytes_,
        [this](const CacheFlush& flush) {
          // The byte store below knows only the window's start. The end follows from the window size.
          pass_flush_on<V>(flush, Windowed<K>{codec_.decode_key(flush.key), window(flush.window.start)}, listener_,
                           [this](std::string_view bytes) { return codec_.decode_value(bytes); });
        },
        send_old_values);
  }

 private:
  // The window store below returns only window iterators, so the cast is safe.
  static Timestamp window_start(const BytesIterator& it) {
    return static_cast<const WindowBytesIterator&>(it).window_start();
  }
  [[nodiscard]] KeyValueIterator<Timestamp, V> by_time(const K& key, Timestamp from, Timestamp to, bool forward) {
    return {bytes_->fetch(codec_.key(key), from, to, forward), [this](const BytesIterator& it) {
              return KeyValue<Timestamp, V>{window_start(it), codec_.decode_value(it.value())};
            }};
  }

  // As in Java, an end beyond the largest timestamp becomes the largest timestamp.
  [[nodiscard]] Window window(Timestamp start) const {
    const std::int64_t size = bytes_->options().window_size_ms;
    return {start, saturating_add(start, size)};
  }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> over_keys(const std::optional<K>& key_from,
                                                           const std::optional<K>& key_to, Timestamp from, Timestamp to,
                                                           bool forward) {
    std::string from_buffer;
    std::string to_buffer;
    return {bytes_->fetch_range(codec_.end_key(key_from, from_buffer), codec_.end_key(key_to, to_buffer), from, to,
                                forward),
            [this](const BytesIterator& it) {
              return KeyValue<Windowed<K>, V>{Windowed<K>{codec_.decode_key(it.key()), window(window_start(it))},
                                              codec_.decode_value(it.value())};
            }};
  }

  std::shared_ptr<WindowBytesStore> bytes_;
  StoreCodec<K, V> codec_;
  FlushListener<Windowed<K>, typename StoredValue<V>::Type> listener_;
};

/// The serde of a timestamped store's values: `timestamp(8, big-endian) + value`, as in Kafka Streams.
template <class V>
struct ValueAndTimestampSerde {
  AnySerde<V> inner;

  bool serialize(std::string_view topic, Headers* headers, const ValueAndTimestamp<V>& value, std::string& out) const {
    return serialize(topic, headers, value.value, value.timestamp, out);
  }
  /// Returns false, and leaves `out` unchanged, if the value serializes to null.
  bool serialize(std::string_view topic, Headers* headers, const V& value, Timestamp timestamp,
                 std::string& out) const {
    const auto bits = static_cast<std::uint64_t>(timestamp);
    const std::size_t start = out.size();
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(bits >> shift));
    if (inner.serialize(topic, headers, value, out)) return true;
    out.resize(start);
    return false;
  }
  ValueAndTimestamp<V> deserialize(std::string_view topic, const Headers* headers, std::string_view bytes) const {
    // Only damaged data, or data of a store without timestamps, can be that short.
    if (bytes.size() < 8) throw SerializationException("a stored value is shorter than its timestamp");
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = bits << 8 | static_cast<unsigned char>(bytes[i]);
    return {inner.deserialize(topic, headers, bytes.substr(8)), static_cast<Timestamp>(bits)};
  }

  // For the engine.
  [[nodiscard]] bool writes_headers() const { return inner.writes_headers(); }
  [[nodiscard]] bool has_life_cycle() const { return inner.has_life_cycle(); }
  void prepare(ConfiguredSerdes& application, bool is_key) { inner.prepare(application, is_key); }
};

}  // namespace millrace::detail
