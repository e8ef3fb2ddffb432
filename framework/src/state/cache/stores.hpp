// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "budget.hpp"
#include "millrace/state/detail/bytes_store.hpp"
#include "record_context_holder.hpp"

namespace millrace::detail {

struct CacheTraits {
  /// Whether the listener sees the headers of an entry's last update. False: it sees no headers. This matches Java for
  /// stores that keep headers (dsl.store.format=HEADERS), whose cached headers are always empty.
  bool forwards_headers = true;
};

/// Put a record cache in front of a store. (Kafka Streams: `CachingKeyValueStore`, `CachingWindowStore`,
/// `CachingSessionStore`.)
///
/// The cache holds changes back and collapses the changes of a key, until flush() or until the budget is exceeded. Then
/// each change goes to the store below, which logs it, and to the listener. Both see the record context of the key's
/// last update. The result also implements CachedBytesStore, which sets the listener. With a listener, a delete is
/// dropped if the store below does not have the key.
///
/// A put that exceeds the budget writes out all changes of its own store, then drops the least recently used entries.
/// Iterators show the cache over the store and do not count as a use.
///
/// `budget` and `contexts` must outlive the store. One thread: that of the task.
[[nodiscard]] std::unique_ptr<KeyValueBytesStore> make_caching(std::shared_ptr<KeyValueBytesStore> inner,
                                                               CacheBudget& budget, RecordContextHolder& contexts,
                                                               CacheTraits traits = {});
/// REQUIRES: the store does not retain duplicates. Duplicates must not be collapsed.
[[nodiscard]] std::unique_ptr<WindowBytesStore> make_caching(std::shared_ptr<WindowBytesStore> inner,
                                                             CacheBudget& budget, RecordContextHolder& contexts,
                                                             CacheTraits traits = {});
[[nodiscard]] std::unique_ptr<SessionBytesStore> make_caching(std::shared_ptr<SessionBytesStore> inner,
                                                              CacheBudget& budget, RecordContextHolder& contexts,
                                                              CacheTraits traits = {});

}  // namespace millrace::detail
