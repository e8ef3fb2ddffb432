// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/processor/record.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/detail/store_interface.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/state/value_timestamp_headers.hpp"
#include "millrace/state/windowed.hpp"

namespace millrace {

/// Iterates over the entries of a store and decodes each one. (Kafka Streams: `KeyValueIterator`.)
///
/// Use it in a range-for loop, or call next() until it returns nullopt. You may write to the store during the
/// iteration. A key that is added after the start does not show. Which other changes show depends on the store: see
/// BytesIterator.
///
/// Errors   next() throws SerializationException if the bytes cannot be decoded.
/// Threads  The store's thread. Move-only. Must not outlive the store.
template <class K, class V>
class KeyValueIterator {
 public:
  using Decode = std::function<KeyValue<K, V>(const detail::BytesIterator&)>;

  KeyValueIterator(std::unique_ptr<detail::BytesIterator> bytes, Decode decode)
      : bytes_(std::move(bytes)), decode_(std::move(decode)) {}

  /// Returns the next entry; nullopt at the end.
  [[nodiscard]] std::optional<KeyValue<K, V>> next() {
    // Move as late as possible: changes to the next entry then still show, as in Java.
    if (std::exchange(shown_, false)) bytes_->next();
    if (!bytes_->valid()) return std::nullopt;
    shown_ = true;
    return decode_(*bytes_);
  }

  /// The key of the entry that next() will return; nullopt at the end. (Java: `peekNextKey`.)
  [[nodiscard]] std::optional<K> peek_next_key() {
    if (std::exchange(shown_, false)) bytes_->next();
    if (!bytes_->valid()) return std::nullopt;
    return decode_(*bytes_).key;
  }

  /// A C++ input iterator over the same entries.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = KeyValue<K, V>;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    iterator() = default;
    explicit iterator(KeyValueIterator& source) : source_(&source) { ++*this; }
    reference operator*() const { return *current_; }
    pointer operator->() const { return &*current_; }
    iterator& operator++() {
      current_ = source_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !current_; }

   private:
    KeyValueIterator* source_ = nullptr;
    std::optional<value_type> current_;
  };

  [[nodiscard]] iterator begin() { return iterator(*this); }
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

 private:
  std::unique_ptr<detail::BytesIterator> bytes_;
  Decode decode_;
  bool shown_ = false;  // next() has returned the entry at which `bytes_` stands
};

/// The reading part of a key-value store. (Kafka Streams: `ReadOnlyKeyValueStore`.) Errors: SerializationException if a
/// serde fails, ProcessorStateException if the store cannot be read.
template <class K, class V>
class ReadOnlyKeyValueStore {
 public:
  virtual ~ReadOnlyKeyValueStore() = default;

  /// The value of `key`; nullopt if there is none.
  [[nodiscard]] virtual std::optional<V> get(const K& key) = 0;

  /// Iterates over the keys from `from` to `to`, both inclusive; nullopt is open. The order is that of the keys' bytes,
  /// compared as unsigned numbers. This is not always the order of the decoded keys.
  [[nodiscard]] virtual KeyValueIterator<K, V> range(const std::optional<K>& from, const std::optional<K>& to) = 0;
  /// The same range, from the largest key to the smallest.
  [[nodiscard]] virtual KeyValueIterator<K, V> reverse_range(const std::optional<K>& from,
                                                             const std::optional<K>& to) = 0;
  /// All entries, smallest key first. The second function: largest key first.
  [[nodiscard]] KeyValueIterator<K, V> all() { return range(std::nullopt, std::nullopt); }
  [[nodiscard]] KeyValueIterator<K, V> reverse_all() { return reverse_range(std::nullopt, std::nullopt); }

  /// Iterates over the entries whose key bytes begin with the bytes of `prefix`. Throws SerializationException if
  /// `prefix` serializes to null.
  template <class P>
  [[nodiscard]] KeyValueIterator<K, V> prefix_scan(const P& prefix, const AnySerde<P>& prefix_serde = AnySerde<P>()) {
    std::string bytes;
    if (!prefix_serde.serialize({}, prefix, bytes)) {
      throw SerializationException("the prefix of a prefix scan of a state store cannot be null");
    }
    return prefix_scan_bytes(bytes);
  }
  /// The same for a prefix that is already bytes.
  [[nodiscard]] virtual KeyValueIterator<K, V> prefix_scan_bytes(std::string_view prefix) = 0;

  /// The number of entries. RocksDB only estimates it, and counts overwritten uncommitted entries twice.
  [[nodiscard]] virtual std::uint64_t approximate_num_entries() = 0;
};

/// A store with one value per key. (Kafka Streams: `KeyValueStore`.) Errors: see ReadOnlyKeyValueStore.
template <class K, class V>
class KeyValueStore : public StateStore, public ReadOnlyKeyValueStore<K, V> {
 public:
  [[nodiscard]] std::string interface() const override { return detail::store_interface<K, V>("KeyValueStore"); }

  /// Inserts or overwrites. If the value serializes to null, the key is removed.
  virtual void put(const K& key, const V& value) = 0;
  /// Puts the entries one after the other.
  void put_all(const std::vector<KeyValue<K, V>>& entries) {
    for (const auto& [key, value] : entries) put(key, value);
  }

  /// As put(); nullptr removes the key. Unlike remove(), this does not read the old value, as Java's put of null does
  /// not. So a cache above the store does not load the old value.
  virtual void put_one(const K& key, const V* value) {
    if (value != nullptr) {
      put(key, *value);
    } else {
      (void)remove(key);
    }
  }

  /// Removes the key. Returns the old value, if there was one. (Java: `delete`.)
  virtual std::optional<V> remove(const K& key) = 0;

  /// Puts only if the key has no value. Returns the present value otherwise.
  virtual std::optional<V> put_if_absent(const K& key, const V& value) = 0;
};

/// Values with the timestamp (ms since the epoch) of their last update. Tables and aggregations use this kind of store.
/// (Kafka Streams: `TimestampedKeyValueStore`.)
template <class K, class V>
using TimestampedKeyValueStore = KeyValueStore<K, ValueAndTimestamp<V>>;

/// Values with timestamp and headers. A delete is logged with the headers of the record being processed. (Kafka
/// Streams: `TimestampedKeyValueStoreWithHeaders`.)
template <class K, class V>
using TimestampedKeyValueStoreWithHeaders = KeyValueStore<K, ValueTimestampHeaders<V>>;

}  // namespace millrace
