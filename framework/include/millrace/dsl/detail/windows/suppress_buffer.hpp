// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/change.hpp"
#include "millrace/dsl/detail/joins/buffered_record.hpp"
#include "millrace/state/detail/typed_stores.hpp"
#include "millrace/state/stores.hpp"

namespace millrace::detail {

/// The entry of one key in a SuppressBuffer.
///
/// With dsl.store.format=HEADERS each value that is not null has an origin: the headers and the timestamp of the record
/// that it came from, in the bytes that a store with headers puts in front of a value. The origin of the new value is
/// the context. Without that format the origins are empty.
struct SuppressedValue : BufferedValue {
  std::string prior_origin;
  std::string old_origin;

  /// True if the entry holds only one change: its old value is the prior value.
  [[nodiscard]] bool old_is_prior() const { return old_value == prior && old_origin == prior_origin; }
  [[nodiscard]] Timestamp prior_timestamp() const;  ///< kNoTimestamp without an origin
};

/// Changes that wait, at most one per key, ordered by (buffer time, key bytes). A later change of a key replaces the
/// waiting one, and keeps its buffer time. (Kafka Streams: `InMemoryTimeOrderedKeyValueChangeBuffer`.)
///
/// Changes are logged when the task commits, one record per key. With dsl.store.format=HEADERS the record has the
/// origins of prior and old value in the headers `vh.prior` and `vh.old`.
///
/// In memory. Owned by its store; one thread.
class SuppressBuffer {
 public:
  /// `log` may be null: logging is off. It must otherwise outlive the buffer.
  SuppressBuffer(StoreChangelog* log, bool headers_format) : log_(log), headers_format_(headers_format) {}

  /// Adds a change. `time`: when the key gets into the buffer, in ms of stream time; ignored if the key waits already.
  void put(Timestamp time, const std::string& key, std::optional<std::string> new_value,
           std::optional<std::string> old_value, BufferedContext context);

  [[nodiscard]] bool empty() const { return by_time_.empty(); }
  /// The buffer time of the oldest entry. The largest number if the buffer is empty, so that nothing is due.
  [[nodiscard]] Timestamp min_time() const {
    return empty() ? std::numeric_limits<Timestamp>::max() : by_time_.begin()->first.first;
  }
  // The size, as BufferConfig limits it.
  [[nodiscard]] std::int64_t records() const { return static_cast<std::int64_t>(by_key_.size()); }
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

  // REQUIRES: not empty. Valid until the entry is removed.
  [[nodiscard]] const std::string& oldest_key() const { return by_time_.begin()->first.second; }
  [[nodiscard]] const SuppressedValue& oldest() const { return by_time_.begin()->second; }
  void remove_oldest();

  /// The entry of a key. nullptr: the key does not wait.
  [[nodiscard]] const SuppressedValue* find(const std::string& key) const;

  /// Logs all changes since the last flush. Called by the commit.
  void flush();
  /// Reads changelog records, of the formats of all versions of Kafka Streams. Throws SerializationException.
  void restore(std::span<const RestoreRecord> records);

 private:
  // The order of emission: buffer time, then key bytes.
  using Place = std::pair<Timestamp, std::string>;

  // Inserts the entry of a key, or replaces it at its buffer time. Keeps the count of bytes right.
  void place(Timestamp time, const std::string& key, SuppressedValue value);
  void forget(const std::string& key);
  void mark_dirty(const std::string& key);
  [[nodiscard]] std::int64_t size_of(const std::string& key, const SuppressedValue& value) const;
  [[nodiscard]] Headers changelog_headers(const SuppressedValue& value) const;

  StoreChangelog* log_;
  bool headers_format_;
  std::map<Place, SuppressedValue> by_time_;           // the entries
  std::unordered_map<std::string, Timestamp> by_key_;  // the buffer time of each key
  std::int64_t bytes_ = 0;
  /// Keys that have changed since the last flush, in the order of their first change.
  std::vector<std::string> dirty_;
  std::unordered_set<std::string> is_dirty_;
};

/// The buffer as a state store of a table's changes: adds types and serdes.
template <class K, class V>
class SuppressStore final : public CustomStore {
 public:
  /// `topic`: the changelog topic, which serdes get as their topic's name.
  SuppressStore(std::string name, StoreChangelog* log, std::string topic, bool headers_format, AnySerde<K> keys,
                AnySerde<V> values)
      : name_(std::move(name)),
        topic_(std::move(topic)),
        keys_(std::move(keys)),
        values_(std::move(values)),
        buffer_(log, headers_format) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  void flush() override { buffer_.flush(); }
  void restore(std::span<const RestoreRecord> records) override { buffer_.restore(records); }

  [[nodiscard]] SuppressBuffer& buffer() { return buffer_; }

  void put(Timestamp time, const K& key, const Change<V>& change, BufferedContext context) {
    buffer_.put(time, encode_key(key), encode(change.new_value), encode(change.old_value), std::move(context));
  }
  // REQUIRES for both: the buffer is not empty.
  [[nodiscard]] K oldest_key() const { return keys_.deserialize(topic_, std::string_view(buffer_.oldest_key())); }
  [[nodiscard]] Change<V> oldest_change() const {
    return {decode(buffer_.oldest().new_value), decode(buffer_.oldest().old_value), true};
  }

  /// The value that readers of the suppressed table see while changes of the key wait.
  struct Prior {
    std::optional<V> value;
    Timestamp timestamp = kNoTimestamp;
  };
  /// The key's value before the first waiting change. nullopt: no change of the key waits.
  [[nodiscard]] std::optional<Prior> prior(const K& key) const {
    const SuppressedValue* found = buffer_.find(encode_key(key));
    if (found == nullptr) return std::nullopt;
    return Prior{decode(found->prior), found->prior_timestamp()};
  }

 private:
  [[nodiscard]] std::string encode_key(const K& key) const {
    std::string bytes;
    if (!keys_.serialize(topic_, key, bytes)) {
      throw SerializationException("a null key cannot be used with the state store behind '" + topic_ + "'");
    }
    return bytes;
  }
  // A value that serializes to null counts as null.
  [[nodiscard]] std::optional<std::string> encode(const std::optional<V>& value) const {
    std::string bytes;
    if (!value || !values_.serialize(topic_, *value, bytes)) return std::nullopt;
    return bytes;
  }
  [[nodiscard]] std::optional<V> decode(const std::optional<std::string>& bytes) const {
    if (!bytes) return std::nullopt;
    return values_.deserialize(topic_, std::string_view(*bytes));
  }

  std::string name_;
  std::string topic_;
  AnySerde<K> keys_;
  AnySerde<V> values_;
  SuppressBuffer buffer_;
};

/// A custom store whose factory is told whether dsl.store.format is HEADERS.
[[nodiscard]] StoreBuilder suppress_store_builder(std::string name, StoreDefinition::Make make);

template <class K, class V>
[[nodiscard]] std::shared_ptr<const StoreBuilder> make_suppress_store(const std::string& name, bool logging,
                                                                      std::map<std::string, std::string> log_config,
                                                                      AnySerde<K> keys, AnySerde<V> values) {
  StoreBuilder builder =
      suppress_store_builder(name, [name, keys, values](StoreChangelog* log, const std::string& topic,
                                                        bool headers_format, ConfiguredSerdes& serdes) {
        return make_as<CustomStore, SuppressStore<K, V>>(name, log, topic, headers_format, serdes.key(keys),
                                                         serdes.value(values));
      });
  if (logging) {
    builder.with_logging_enabled(std::move(log_config));
  } else {
    builder.with_logging_disabled();
  }
  return detail::shared_store(std::move(builder));
}

}  // namespace millrace::detail
