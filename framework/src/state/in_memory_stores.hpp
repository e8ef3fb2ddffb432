#pragma once

#include <memory>
#include <string>

#include "millrace/state/bytes_store.hpp"

namespace millrace {

/// Stores that live in memory only and are rebuilt from the changelog at every start, and after an aborted transaction:
/// they know no commit. Their iterators stay usable while the store is written: the key-value store's shows each key
/// as it is when the walk gets there, the window store's shows the store as it was when the walk began.
[[nodiscard]] std::unique_ptr<KeyValueBytesStore> make_in_memory_key_value_store(const std::string& name);
[[nodiscard]] std::unique_ptr<WindowBytesStore> make_in_memory_window_store(const std::string& name,
                                                                            const WindowStoreOptions& options);
[[nodiscard]] std::unique_ptr<SessionBytesStore> make_in_memory_session_store(const std::string& name,
                                                                              std::int64_t retention_ms);

}  // namespace millrace
