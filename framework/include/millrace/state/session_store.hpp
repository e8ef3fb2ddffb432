// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <optional>

#include "millrace/state/aggregation_with_headers.hpp"
#include "millrace/state/detail/store_interface.hpp"
#include "millrace/state/key_value_store.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/state/windowed.hpp"

namespace millrace {

/// The reading part of a session store. (Kafka Streams: `ReadOnlySessionStore`.) All times are ms since the epoch. A
/// session's start and end are both inclusive.
template <class K, class V>
class ReadOnlySessionStore {
 public:
  virtual ~ReadOnlySessionStore() = default;

  /// The value of the session with exactly these bounds; nullopt if there is none.
  [[nodiscard]] virtual std::optional<V> fetch_session(const K& key, Timestamp start, Timestamp end) = 0;

  /// Iterates over the sessions of `key` with end >= earliest_end and start <= latest_start. Sorted by end, then by
  /// start. In memory, sessions with the same end come with later starts first.
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> find_sessions(const K& key, Timestamp earliest_end,
                                                                       Timestamp latest_start) = 0;
  /// The same sessions in reverse order.
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> backward_find_sessions(const K& key, Timestamp earliest_end,
                                                                                Timestamp latest_start) = 0;
  /// The same for all keys from `key_from` to `key_to`, both inclusive; nullopt is open. Order: see SessionBytesStore.
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> find_sessions(const std::optional<K>& key_from,
                                                                       const std::optional<K>& key_to,
                                                                       Timestamp earliest_end,
                                                                       Timestamp latest_start) = 0;
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> backward_find_sessions(const std::optional<K>& key_from,
                                                                                const std::optional<K>& key_to,
                                                                                Timestamp earliest_end,
                                                                                Timestamp latest_start) = 0;

  /// All sessions of a key, or of a range of keys. Order as above.
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> fetch(const K& key) { return find_sessions(key, 0, kEndOfTime); }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> backward_fetch(const K& key) {
    return backward_find_sessions(key, 0, kEndOfTime);
  }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> fetch(const std::optional<K>& key_from,
                                                       const std::optional<K>& key_to) {
    return find_sessions(key_from, key_to, 0, kEndOfTime);
  }
  [[nodiscard]] KeyValueIterator<Windowed<K>, V> backward_fetch(const std::optional<K>& key_from,
                                                                const std::optional<K>& key_to) {
    return backward_find_sessions(key_from, key_to, 0, kEndOfTime);
  }

 private:
  static constexpr Timestamp kEndOfTime = std::numeric_limits<Timestamp>::max();
};

/// A store with one aggregate per key and session. (Kafka Streams: `SessionStore`.) Errors: ProcessorStateException if
/// a session's start is negative or after its end.
template <class K, class V>
class SessionStore : public StateStore, public ReadOnlySessionStore<K, V> {
 public:
  [[nodiscard]] std::string interface() const override { return detail::store_interface<K, V>("SessionStore"); }

  using ReadOnlySessionStore<K, V>::find_sessions;

  /// Inserts or overwrites; nullptr removes the session. A session that ends before the retention is skipped.
  virtual void put(const Windowed<K>& session, const V* value) = 0;
  /// Removes the session. The difference from a put of nullptr: in an in-memory store without a cache, remove() does
  /// not advance stream time, so it expires nothing.
  virtual void remove(const Windowed<K>& session) = 0;

  /// Iterates over the sessions of all keys with earliest_end <= end <= latest_end. Sorted by end, start, key; in
  /// memory by end, then key. EmitStrategy::on_window_close uses it to find the sessions to emit.
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> find_sessions(Timestamp earliest_end,
                                                                       Timestamp latest_end) = 0;
};

/// Aggregates with headers. A removal is logged with the headers of the record being processed. (Kafka Streams:
/// `SessionStoreWithHeaders`.)
template <class K, class AGG>
using SessionStoreWithHeaders = SessionStore<K, AggregationWithHeaders<AGG>>;

}  // namespace millrace
