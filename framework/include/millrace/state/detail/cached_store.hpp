#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "millrace/common/bytes.hpp"
#include "millrace/common/time.hpp"
#include "millrace/common/windowed.hpp"

namespace millrace {
class StateStore;
}

namespace millrace::detail {

/// Called for each change that leaves a store's cache (at a commit, or when the cache is full). The task's record
/// context is that of the key's last update. `old_value` is only there if old values were asked for.
template <class K, class V>
using FlushListener =
    std::function<void(K key, std::optional<V> new_value, std::optional<V> old_value, Timestamp timestamp)>;

/// A store of the DSL that may have a cache in front: an operator whose store has one forwards its results from there,
/// each key once. K is `Windowed<K>` for windows and sessions. (Kafka Streams: `CachedStateStore`.)
template <class K, class V>
class CachedStore {
 public:
  virtual ~CachedStore() = default;

  /// False: the store has no cache; the operator forwards at once.
  virtual bool set_flush_listener(FlushListener<K, V> listener, bool send_old_values) = 0;
};

/// A change that leaves a cache, as bytes.
struct CacheFlush {
  std::string_view key;  ///< the record key
  Window window;         ///< of window stores the start alone, of session stores both bounds
  BytesView new_value;
  BytesView old_value;  ///< only if old values were asked for
  Timestamp timestamp;  ///< of the record that made the change
};

/// What a byte store with a cache in front is, beside its kind.
class CachedBytesStore {
 public:
  using Listener = std::function<void(const CacheFlush&)>;

  virtual ~CachedBytesStore() = default;
  virtual void set_flush_listener(Listener listener, bool send_old_values) = 0;
};

/// False: the store has no cache.
bool listen_to_cache(StateStore& store, CachedBytesStore::Listener listener, bool send_old_values);

}  // namespace millrace::detail
