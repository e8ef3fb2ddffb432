// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/state/detail/store_interface.hpp"
#include "millrace/state/key_value_store.hpp"
#include "millrace/state/windowed.hpp"

namespace millrace {

/// The reading part of a window store. (Kafka Streams: `ReadOnlyWindowStore`.) Times are window starts in ms since the
/// epoch. `from` and `to` are both inclusive. Expired windows do not show.
template <class K, class V>
class ReadOnlyWindowStore {
 public:
  virtual ~ReadOnlyWindowStore() = default;

  /// The value of the window that starts at exactly this time; nullopt if there is none. Not for stores with
  /// duplicates.
  [[nodiscard]] virtual std::optional<V> fetch(const K& key, Timestamp window_start) = 0;

  /// Iterates over the windows of `key` that start in [from, to], by start. The key of the result is the window start.
  [[nodiscard]] virtual KeyValueIterator<Timestamp, V> fetch(const K& key, Timestamp from, Timestamp to) = 0;
  /// The same windows, latest first.
  [[nodiscard]] virtual KeyValueIterator<Timestamp, V> backward_fetch(const K& key, Timestamp from, Timestamp to) = 0;

  /// Iterates over the windows of the keys from `key_from` to `key_to`, both inclusive; nullopt is open. Order: see
  /// WindowBytesStore::fetch_range.
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> fetch(const std::optional<K>& key_from,
                                                               const std::optional<K>& key_to, Timestamp from,
                                                               Timestamp to) = 0;
  /// The same windows in reverse order.
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> backward_fetch(const std::optional<K>& key_from,
                                                                        const std::optional<K>& key_to, Timestamp from,
                                                                        Timestamp to) = 0;
  /// The windows of all keys that start in [from, to].
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> fetch_all(Timestamp from, Timestamp to) {
    return fetch(std::nullopt, std::nullopt, from, to);
  }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> backward_fetch_all(Timestamp from, Timestamp to) {
    return backward_fetch(std::nullopt, std::nullopt, from, to);
  }
  /// All windows of all keys.
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> all() { return fetch_all(0, std::numeric_limits<Timestamp>::max()); }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> backward_all() {
    return backward_fetch_all(0, std::numeric_limits<Timestamp>::max());
  }
};

/// A store with one value per key and window start. (Kafka Streams: `WindowStore`.) Errors: ProcessorStateException for
/// a negative window start.
template <class K, class V>
class WindowStore : public StateStore, public ReadOnlyWindowStore<K, V> {
 public:
  [[nodiscard]] std::string interface() const override { return detail::store_interface<K, V>("WindowStore"); }

  /// Inserts or overwrites; nullopt deletes. A put of an expired window is skipped. In a store with duplicates each put
  /// adds a value, and nullopt does nothing.
  void put(const K& key, const std::optional<V>& value, Timestamp window_start) {
    put_one(key, value ? &*value : nullptr, window_start);
  }
  /// As put(), without a copy into an optional. nullptr deletes.
  virtual void put_one(const K& key, const V* value, Timestamp window_start) = 0;

  /// As fetch(key, from, to), but without an iterator: calls `visit(start, value)` for each entry, by start, until
  /// `visit` returns false. `visit` must not write to the store.
  virtual void fetch_each(const K& key, Timestamp from, Timestamp to,
                          detail::FunctionRef<bool(Timestamp, V&&)> visit) = 0;
};

/// Values with the timestamp of their last update. (Kafka Streams: `TimestampedWindowStore`.)
template <class K, class V>
using TimestampedWindowStore = WindowStore<K, ValueAndTimestamp<V>>;

/// Values with timestamp and headers. A delete is logged with the headers of the record being processed. (Kafka
/// Streams: `TimestampedWindowStoreWithHeaders`.)
template <class K, class V>
using TimestampedWindowStoreWithHeaders = WindowStore<K, ValueTimestampHeaders<V>>;

}  // namespace millrace
