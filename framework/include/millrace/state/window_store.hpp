#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/state/key_value_store.hpp"
#include "millrace/state/windowed.hpp"

namespace millrace {

/// (Kafka Streams: `ReadOnlyWindowStore`.) Times are window starts in ms, both ends inclusive.
template <class K, class V>
class ReadOnlyWindowStore {
 public:
  virtual ~ReadOnlyWindowStore() = default;

  [[nodiscard]] virtual std::optional<V> fetch(const K& key, Timestamp window_start) = 0;

  /// Entries of one key by time.
  [[nodiscard]] virtual KeyValueIterator<Timestamp, V> fetch(const K& key, Timestamp from, Timestamp to) = 0;
  [[nodiscard]] virtual KeyValueIterator<Timestamp, V> backward_fetch(const K& key, Timestamp from, Timestamp to) = 0;

  /// Entries of a range of keys (nullopt: open).
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> fetch(const std::optional<K>& key_from,
                                                               const std::optional<K>& key_to, Timestamp from,
                                                               Timestamp to) = 0;
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> backward_fetch(const std::optional<K>& key_from,
                                                                        const std::optional<K>& key_to, Timestamp from,
                                                                        Timestamp to) = 0;
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> fetch_all(Timestamp from, Timestamp to) {
    return fetch(std::nullopt, std::nullopt, from, to);
  }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> backward_fetch_all(Timestamp from, Timestamp to) {
    return backward_fetch(std::nullopt, std::nullopt, from, to);
  }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> all() { return fetch_all(0, std::numeric_limits<Timestamp>::max()); }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> backward_all() {
    return backward_fetch_all(0, std::numeric_limits<Timestamp>::max());
  }
};

/// Values by key and window start. (Kafka Streams: `WindowStore`.)
template <class K, class V>
class WindowStore : public StateStore, public ReadOnlyWindowStore<K, V> {
 public:
  /// nullopt deletes.
  void put(const K& key, const std::optional<V>& value, Timestamp window_start) {
    put_one(key, value ? &*value : nullptr, window_start);
  }
  /// As put without the copy into an optional; nullptr deletes.
  virtual void put_one(const K& key, const V* value, Timestamp window_start) = 0;

  /// As fetch(key, from, to) without an iterator: calls `visit` for each entry until it returns false.
  virtual void fetch_each(const K& key, Timestamp from, Timestamp to,
                          detail::FunctionRef<bool(Timestamp, V&&)> visit) = 0;
};

/// (Kafka Streams: `TimestampedWindowStore`.)
template <class K, class V>
using TimestampedWindowStore = WindowStore<K, ValueAndTimestamp<V>>;

/// Deletes are logged with the headers of the record being processed. (Kafka Streams:
/// `TimestampedWindowStoreWithHeaders`.)
template <class K, class V>
using TimestampedWindowStoreWithHeaders = WindowStore<K, ValueTimestampHeaders<V>>;

}  // namespace millrace
