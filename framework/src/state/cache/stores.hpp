#pragma once

#include <cstddef>
#include <memory>

#include "millrace/state/detail/bytes_store.hpp"
#include "named_cache.hpp"
#include "record_context_holder.hpp"

namespace millrace::detail {

/// How a cache differs if its store keeps headers in Java (dsl.store.format=HEADERS) that are always empty, so that
/// ours does not.
struct CacheTraits {
  std::size_t value_extra_bytes = 0;  ///< counted for each value
  bool forwards_headers = true;       ///< false: what goes to the listener has none, whatever the last update had
};

/// Put a cache in front of a store: changes are held back, and those of a key collapsed, until flush() or until the
/// budget is used up. They then go to the store below (which logs them) under the record context of the key's last
/// update, and to the listener (see CachedBytesStore, which the results are, too). With a listener, a delete of a key
/// that the store below does not have is dropped.
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
