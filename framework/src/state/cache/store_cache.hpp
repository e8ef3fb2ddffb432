// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "millrace/state/detail/cached_store.hpp"
#include "named_cache.hpp"
#include "record_context_holder.hpp"

namespace millrace::detail {

/// Access to the store below the cache. Keys are cache keys; each kind of store converts them to its own.
class StoreBelow {
 public:
  /// nullopt: the store has no such entry. The view is valid until the next call.
  [[nodiscard]] virtual BytesView read_below(std::string_view cache_key) = 0;
  /// Also writes the changelog record, because the change-logging layer is below the cache. nullopt deletes.
  virtual void write_below(std::string_view cache_key, BytesView value) = 0;

  /// The parts of a cache key as CacheFlush shows them to the listener. `key` is a view of the cache key.
  struct RecordKey {
    std::string_view key;
    Window window;  ///< a window store gives the start twice; {} for key-value stores
  };
  [[nodiscard]] virtual RecordKey record_key(std::string_view cache_key) const = 0;

 protected:
  ~StoreBelow() = default;
};

/// The part that the caches over all kinds of store have in common. It holds changes back. At a flush, or when the
/// budget is exceeded, it writes them to the store below and shows them to the listener.
///
/// Order: changes leave in batches. All changes of a batch are written before the first one is shown. So a listener
/// that reads a store sees all changes of the batch. Changes that the listener causes wait until the batches in
/// progress are done. Changes of one key are never reordered.
///
/// Owned by the caching store. Runs on the thread of the task.
class StoreCache {
 public:
  /// `forwards_headers`: the listener sees the headers of the entry's last update, otherwise none. The references must
  /// outlive this object.
  StoreCache(CacheBudget& budget, RecordContextHolder& contexts, StoreBelow& below, bool forwards_headers)
      : contexts_(contexts), below_(below), forwards_headers_(forwards_headers), cache_(budget, contexts) {}

  /// `send_old_values`: the listener also gets the value before the change, which costs a read of the store below.
  void set_listener(CachedBytesStore::Listener listener, bool send_old_values);

  /// See NamedCache::get.
  [[nodiscard]] const NamedCache::Value* get(std::string_view key) { return cache_.get(key); }
  /// May write out changes, and so call the listener. Errors of the store below and of the listener pass through.
  void put(std::string_view key, BytesView value);
  /// Caches a value that was just read from the store below. REQUIRES: the cache has no entry of this key.
  void put_clean(std::string_view key, std::string_view value);

  /// Writes and shows all changes made until now. Called by the commit. If the listener calls it, nothing happens: the
  /// outer call is still writing out, and changes made since wait for the next flush.
  void flush();

  /// For iterators: the cache's value, otherwise the store's. nullopt: deleted. The view is valid until the next call.
  [[nodiscard]] BytesView value_of(std::string_view key);
  [[nodiscard]] NamedCache& entries() { return cache_; }

 private:
  class WritingOut;

  // Drops clean entries until the budget is met. Writes out changes where they are in the way.
  void make_room();
  void write_out();
  // Without a listener: no reads of the store below are needed.
  void write(std::vector<CacheChange>& changes);
  void write_and_show(std::vector<CacheChange>& changes);

  RecordContextHolder& contexts_;
  StoreBelow& below_;
  bool forwards_headers_;
  NamedCache cache_;
  CachedBytesStore::Listener listener_;
  bool send_old_values_ = false;
  bool writing_out_ = false;  // true while write_out() runs; the listener may call back into this object
};

}  // namespace millrace::detail
