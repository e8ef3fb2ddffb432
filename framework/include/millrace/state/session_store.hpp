#pragma once

#include <limits>
#include <optional>

#include "millrace/state/aggregation_with_headers.hpp"
#include "millrace/state/key_value_store.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/state/windowed.hpp"

namespace millrace {

/// (Kafka Streams: `ReadOnlySessionStore`.) Times in ms since the epoch; a session's end is inclusive.
template <class K, class V>
class ReadOnlySessionStore {
 public:
  virtual ~ReadOnlySessionStore() = default;

  /// The session with exactly these bounds.
  [[nodiscard]] virtual std::optional<V> fetch_session(const K& key, Timestamp start, Timestamp end) = 0;

  /// Sessions of `key` with end >= earliest_end and start <= latest_start, by end, then by start (in memory: later
  /// starts first).
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> find_sessions(const K& key, Timestamp earliest_end,
                                                                       Timestamp latest_start) = 0;
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> backward_find_sessions(const K& key, Timestamp earliest_end,
                                                                                Timestamp latest_start) = 0;
  /// The same over a range of keys; nullopt is open. Order: see SessionBytesStore.
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> find_sessions(const std::optional<K>& key_from,
                                                                       const std::optional<K>& key_to,
                                                                       Timestamp earliest_end,
                                                                       Timestamp latest_start) = 0;
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> backward_find_sessions(const std::optional<K>& key_from,
                                                                                const std::optional<K>& key_to,
                                                                                Timestamp earliest_end,
                                                                                Timestamp latest_start) = 0;

  /// All sessions of a key, or of a range of keys.
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

/// Aggregates by key and session. (Kafka Streams: `SessionStore`.)
template <class K, class V>
class SessionStore : public StateStore, public ReadOnlySessionStore<K, V> {
 public:
  using ReadOnlySessionStore<K, V>::find_sessions;

  /// nullptr removes the session.
  virtual void put(const Windowed<K>& session, const V* value) = 0;
  /// Unlike a put of nullptr, this does not move the time by which an in-memory store without a cache forgets what is
  /// older than its retention.
  virtual void remove(const Windowed<K>& session) = 0;

  /// Sessions of all keys that end between the two times, both inclusive, by end, then start, then key (in memory: by
  /// end, then key): what EmitStrategy::on_window_close emits.
  [[nodiscard]] virtual KeyValueIterator<Windowed<K>, V> find_sessions(Timestamp earliest_end,
                                                                       Timestamp latest_end) = 0;
};

/// Removals are logged with the headers of the record being processed. (Kafka Streams: `SessionStoreWithHeaders`.)
template <class K, class AGG>
using SessionStoreWithHeaders = SessionStore<K, AggregationWithHeaders<AGG>>;

}  // namespace millrace
