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

/// A store that throws entries away by itself, which the changelog must learn.
class EvictingStore {
 public:
  virtual ~EvictingStore() = default;
  /// Called during a put for the entry that it pushed out; not while restoring.
  virtual void set_eviction_listener(std::function<void(std::string_view key)> listener) = 0;
};

/// Stores that live in memory only and are rebuilt from the changelog at every start, and after an aborted transaction:
/// they know no commit. Their iterators stay usable while the store is written: the key-value store's shows each key
/// as it is when the walk gets there, the window store's shows the store as it was when the walk began.
[[nodiscard]] std::unique_ptr<KeyValueBytesStore> make_in_memory_key_value_store(const std::string& name);
/// Keeps the `max_entries` last used entries; also an EvictingStore. Its walks show a copy.
[[nodiscard]] std::unique_ptr<KeyValueBytesStore> make_in_memory_lru_store(const std::string& name,
                                                                           std::size_t max_entries);
[[nodiscard]] std::unique_ptr<WindowBytesStore> make_in_memory_window_store(const std::string& name,
                                                                            const WindowStoreOptions& options);
[[nodiscard]] std::unique_ptr<SessionBytesStore> make_in_memory_session_store(const std::string& name,
                                                                              std::int64_t retention_ms);

/// The one of these that a spec asks for, wherever it says that the store lives; none for custom stores.
[[nodiscard]] ByteStore make_in_memory_store(const StoreSpec& spec);

}  // namespace millrace::detail
