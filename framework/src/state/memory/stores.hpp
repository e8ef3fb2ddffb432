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

/// A store that deletes entries by itself. The change-logging layer above it must log these deletions.
class EvictingStore {
 public:
  virtual ~EvictingStore() = default;
  /// `listener` is called during a put() that evicts an entry, with the evicted key. Not called during restore().
  virtual void set_eviction_listener(std::function<void(std::string_view key)> listener) = 0;
};

/// A store in memory, which knows no commit: the only way back is to empty it and to restore it. All stores made below
/// are one.
class ClearableStore {
 public:
  virtual ~ClearableStore() = default;
  /// The store is as new. Walks over it end.
  virtual void clear() = 0;
};

/// Stores that live in memory only. They are rebuilt from the changelog at every start and after an aborted
/// transaction, so they have no commit or discard. They may be written while they are iterated over. An iterator of the
/// key-value store shows the present value of each key. An iterator of the window store shows the store as it was at
/// the start.
[[nodiscard]] std::unique_ptr<KeyValueBytesStore> make_in_memory_key_value_store(const std::string& name);
/// Keeps the `max_entries` most recently used entries. Implements EvictingStore too. Iterators show a copy.
[[nodiscard]] std::unique_ptr<KeyValueBytesStore> make_in_memory_lru_store(const std::string& name,
                                                                           std::size_t max_entries);
[[nodiscard]] std::unique_ptr<WindowBytesStore> make_in_memory_window_store(const std::string& name,
                                                                            const WindowStoreOptions& options);
[[nodiscard]] std::unique_ptr<SessionBytesStore> make_in_memory_session_store(const std::string& name,
                                                                              std::int64_t retention_ms);

/// Empties a store that was made by one of these.
void clear_in_memory_store(const ByteStore& bytes);

/// Makes the in-memory store of the kind that `spec` names, whatever its medium. All members are null for custom
/// stores.
[[nodiscard]] ByteStore make_in_memory_store(const StoreSpec& spec);

}  // namespace millrace::detail
