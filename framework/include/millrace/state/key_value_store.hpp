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
#include "millrace/state/state_store.hpp"
#include "millrace/state/value_timestamp_headers.hpp"
#include "millrace/state/windowed.hpp"

namespace millrace {

/// Walks over the entries of a store, decoding each as it goes. Move-only; must not outlive the store.
/// Use it in a range-for, or call next() until it answers nullopt. What is put into the store meanwhile under a new key
/// is not shown, so that a walk may put into the store that it walks over; for more see BytesIterator.
/// (Kafka Streams: `KeyValueIterator`.)
template <class K, class V>
class KeyValueIterator {
 public:
  using Decode = std::function<KeyValue<K, V>(const detail::BytesIterator&)>;

  KeyValueIterator(std::unique_ptr<detail::BytesIterator> bytes, Decode decode)
      : bytes_(std::move(bytes)), decode_(std::move(decode)) {}

  [[nodiscard]] std::optional<KeyValue<K, V>> next() {
    // Moves on as late as it can: what becomes of the next entry until then counts.
    if (std::exchange(shown_, false)) bytes_->next();
    if (!bytes_->valid()) return std::nullopt;
    shown_ = true;
    return decode_(*bytes_);
  }

  /// The key of what next() gives next; nullopt at the end. (Java: `peekNextKey`.)
  [[nodiscard]] std::optional<K> peek_next_key() {
    if (std::exchange(shown_, false)) bytes_->next();
    if (!bytes_->valid()) return std::nullopt;
    return decode_(*bytes_).key;
  }

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
  bool shown_ = false;  // the entry that `bytes_` stands on
};

/// (Kafka Streams: `ReadOnlyKeyValueStore`.)
template <class K, class V>
class ReadOnlyKeyValueStore {
 public:
  virtual ~ReadOnlyKeyValueStore() = default;

  /// nullopt: no such key.
  [[nodiscard]] virtual std::optional<V> get(const K& key) = 0;

  /// In order of the keys' bytes; both ends inclusive, nullopt is open.
  [[nodiscard]] virtual KeyValueIterator<K, V> range(const std::optional<K>& from, const std::optional<K>& to) = 0;
  [[nodiscard]] virtual KeyValueIterator<K, V> reverse_range(const std::optional<K>& from,
                                                             const std::optional<K>& to) = 0;
  [[nodiscard]] KeyValueIterator<K, V> all() { return range(std::nullopt, std::nullopt); }
  [[nodiscard]] KeyValueIterator<K, V> reverse_all() { return reverse_range(std::nullopt, std::nullopt); }

  /// Entries whose key's bytes begin with those of `prefix`.
  template <class P>
  [[nodiscard]] KeyValueIterator<K, V> prefix_scan(const P& prefix, const AnySerde<P>& prefix_serde = AnySerde<P>()) {
    std::string bytes;
    if (!prefix_serde.serialize({}, prefix, bytes)) {
      throw SerializationException("a prefix to scan a state store for cannot be null");
    }
    return prefix_scan_bytes(bytes);
  }
  [[nodiscard]] virtual KeyValueIterator<K, V> prefix_scan_bytes(std::string_view prefix) = 0;

  [[nodiscard]] virtual std::uint64_t approximate_num_entries() = 0;
};

/// A store of single values by key. (Kafka Streams: `KeyValueStore`.)
template <class K, class V>
class KeyValueStore : public StateStore, public ReadOnlyKeyValueStore<K, V> {
 public:
  virtual void put(const K& key, const V& value) = 0;
  void put_all(const std::vector<KeyValue<K, V>>& entries) {
    for (const auto& [key, value] : entries) put(key, value);
  }

  /// nullptr removes the key as Java's put of null does: without a look at what it had, which a cache would keep.
  virtual void put_one(const K& key, const V* value) {
    if (value != nullptr) {
      put(key, *value);
    } else {
      (void)remove(key);
    }
  }

  /// Removes the key. Returns what it had.
  virtual std::optional<V> remove(const K& key) = 0;

  /// Returns the value that was there, if any; only otherwise puts.
  virtual std::optional<V> put_if_absent(const K& key, const V& value) = 0;
};

/// What tables and aggregations keep. (Kafka Streams: `TimestampedKeyValueStore`.)
template <class K, class V>
using TimestampedKeyValueStore = KeyValueStore<K, ValueAndTimestamp<V>>;

/// Deletes are logged with the headers of the record being processed. (Kafka Streams:
/// `TimestampedKeyValueStoreWithHeaders`.)
template <class K, class V>
using TimestampedKeyValueStoreWithHeaders = KeyValueStore<K, ValueTimestampHeaders<V>>;

}  // namespace millrace
