#pragma once

#include <memory>

#include "budget.hpp"
#include "millrace/state/detail/bytes_store.hpp"
#include "record_context_holder.hpp"

namespace millrace::detail {

struct CacheTraits {
  /// False: what goes to the listener has no headers, whatever the last update had. So it is in Java where a store
  /// keeps headers (dsl.store.format=HEADERS) that are always empty.
  bool forwards_headers = true;
};

/// Put a cache in front of a store: changes are held back, and those of a key collapsed, until flush() or until the
/// budget is used up. They then go to the store below (which logs them) under the record context of the key's last
/// update, and to the listener (see CachedBytesStore, which the results are, too). With a listener, a delete of a key
/// that the store below does not have is dropped.
/// A put that finds the budget used up lets out what its own store has changed, and then drops what was not used for
/// the longest time, until the budget is kept. Walks show the cache over the store and count as no use.
/// `budget` and `contexts` must outlive the store. (Kafka Streams: `CachingKeyValueStore`, `CachingWindowStore`,
/// `CachingSessionStore`.)
[[nodiscard]] std::unique_ptr<KeyValueBytesStore> make_caching(std::shared_ptr<KeyValueBytesStore> inner,
                                                               CacheBudget& budget, RecordContextHolder& contexts,
                                                               CacheTraits traits = {});
/// Not for stores that retain duplicates.
[[nodiscard]] std::unique_ptr<WindowBytesStore> make_caching(std::shared_ptr<WindowBytesStore> inner,
                                                             CacheBudget& budget, RecordContextHolder& contexts,
                                                             CacheTraits traits = {});
[[nodiscard]] std::unique_ptr<SessionBytesStore> make_caching(std::shared_ptr<SessionBytesStore> inner,
                                                              CacheBudget& budget, RecordContextHolder& contexts,
                                                              CacheTraits traits = {});

}  // namespace millrace::detail
