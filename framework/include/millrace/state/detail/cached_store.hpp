// SPDX-License-Identifier: Apache-2.0
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

/// Called for each change that leaves a store's cache: at a commit, or when the cache is full. The task's record
/// context is then that of the key's last update. `old_value` is set only if old values were asked for. Runs on the
/// task's thread.
template <class K, class V>
using FlushListener =
    std::function<void(K key, std::optional<V> new_value, std::optional<V> old_value, Timestamp timestamp)>;

/// A typed store of the DSL that may have a cache in front. If there is one, the operator forwards its results when
/// they leave the cache, each key once. K is `Windowed<K>` for windows and sessions. (Kafka Streams:
/// `CachedStateStore`.)
template <class K, class V>
class CachedStore {
 public:
  virtual ~CachedStore() = default;

  /// Sets the listener. Returns false if the store has no cache: the operator must then forward each result at once.
  virtual bool set_flush_listener(FlushListener<K, V> listener, bool send_old_values) = 0;
};

/// A change that leaves a cache, as bytes. The views are valid during the listener's call.
struct CacheFlush {
  std::string_view key;  ///< the record key
  Window window;         ///< window stores: only the start counts; session stores: both bounds
  BytesView new_value;
  BytesView old_value;  ///< only if old values were asked for
  Timestamp timestamp;  ///< of the record that made the change
};

/// Implemented by every byte store that is a cache, beside the interface of its kind.
class CachedBytesStore {
 public:
  using Listener = std::function<void(const CacheFlush&)>;

  virtual ~CachedBytesStore() = default;
  virtual void set_flush_listener(Listener listener, bool send_old_values) = 0;
};

/// Sets the listener of the cache in front of `store`. Returns false if there is no cache.
bool listen_to_cache(StateStore& store, CachedBytesStore::Listener listener, bool send_old_values);

}  // namespace millrace::detail
