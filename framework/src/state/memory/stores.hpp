// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace::detail {

/// A store that deletes entries without being told to. The change-logging layer above it must log these deletions.
class EvictingStore {
 public:
  virtual ~EvictingStore() = default;
  /// `listener` is called with the evicted key during a put() that evicts. It is not called during restore(). The view
  /// is valid during the call. An empty function removes the listener.
  virtual void set_eviction_listener(std::function<void(std::string_view key)> listener) = 0;
};

/// A store in memory that can be emptied. It has no commit. After an aborted transaction the only way back is to empty
/// it and to restore it from the changelog. All stores that the functions below make implement this.
class ClearableStore {
 public:
  virtual ~ClearableStore() = default;
  /// Removes all entries and stream time. The store is then like a new one. Open iterators show no more entries, except
  /// those that show a copy.
  virtual void clear() = 0;
};

/// Stores that are in memory only. They are rebuilt from the changelog at every start and after an aborted transaction,
/// so they have no commit or discard.
///
/// They may be written while they are iterated over. An iterator of the key-value store shows the present value of each
/// key. An iterator of the window store shows the store as it was when the iteration began.
///
/// Threads: the task's own. A global store is shared by threads; a lock around the store guards it.
[[nodiscard]] std::unique_ptr<KeyValueBytesStore> make_in_memory_key_value_store(const std::string& name);
/// Keeps the `max_entries` most recently used entries. Implements EvictingStore too. Its iterators show a copy. (Kafka
/// Streams: `Stores.lruMap`.)
[[nodiscard]] std::unique_ptr<KeyValueBytesStore> make_in_memory_lru_store(const std::string& name,
                                                                           std::size_t max_entries);
/// Entries older than the retention are invisible at once, and their memory is freed in steps.
[[nodiscard]] std::unique_ptr<WindowBytesStore> make_in_memory_window_store(const std::string& name,
                                                                            const WindowStoreOptions& options);
[[nodiscard]] std::unique_ptr<SessionBytesStore> make_in_memory_session_store(const std::string& name,
                                                                              std::int64_t retention_ms);

/// Calls clear() of the store. REQUIRES: one of the functions here has made it.
void clear_in_memory_store(const ByteStore& bytes);

/// Makes the in-memory store of the kind that `spec` asks for, even if `spec` names another medium. All members of the
/// result are null for custom stores.
[[nodiscard]] ByteStore make_in_memory_store(const StoreSpec& spec);

}  // namespace millrace::detail
