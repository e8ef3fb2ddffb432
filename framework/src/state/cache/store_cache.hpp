#pragma once

#include <string_view>
#include <vector>

#include "millrace/state/detail/cached_store.hpp"
#include "named_cache.hpp"
#include "record_context_holder.hpp"

namespace millrace::detail {

/// The store that a cache lies over, by the keys that the cache has for its entries.
class StoreBelow {
 public:
  /// The view is valid until the next call.
  [[nodiscard]] virtual BytesView read_below(std::string_view cache_key) = 0;
  /// nullopt deletes.
  virtual void write_below(std::string_view cache_key, BytesView value) = 0;

  struct RecordKey {
    std::string_view key;
    Window window;  ///< as CacheFlush has it
  };
  [[nodiscard]] virtual RecordKey record_key(std::string_view cache_key) const = 0;

 protected:
  ~StoreBelow() = default;
};

/// A cache over a store, of whatever kind: holds changes back, and in the end writes them to the store below and
/// shows them to the listener.
///
/// Changes go in batches: all of one are written before the first is shown. So whoever reads a store while it is shown
/// a change finds the changes before and behind it, too. What is put while changes are shown waits for the end of that,
/// and no change of a key overtakes another one. Threads: one.
class StoreCache {
 public:
  /// `forwards_headers`: whether the listener sees those of the entry's last update. The references must outlive this.
  StoreCache(CacheBudget& budget, RecordContextHolder& contexts, StoreBelow& below, bool forwards_headers)
      : contexts_(contexts), below_(below), forwards_headers_(forwards_headers), cache_(budget, contexts) {}

  void set_listener(CachedBytesStore::Listener listener, bool send_old_values);

  /// See NamedCache::get.
  [[nodiscard]] const NamedCache::Value* get(std::string_view key) { return cache_.get(key); }
  void put(std::string_view key, BytesView value);
  /// What was just read in the store below. REQUIRES: no entry of this key.
  void put_clean(std::string_view key, std::string_view value);

  /// Writes and shows all that has changed until now. From within the listener it does nothing: what has changed is on
  /// its way already, or waits for the next call.
  void flush();

  /// What a walk has to show of a key: the cache's value, else the store's. Valid until the next call.
  [[nodiscard]] BytesView value_of(std::string_view key);
  [[nodiscard]] NamedCache& entries() { return cache_; }

 private:
  class WritingOut;

  void make_room();
  void write_out();
  void write(std::vector<CacheChange>& changes);
  void write_and_show(std::vector<CacheChange>& changes);

  RecordContextHolder& contexts_;
  StoreBelow& below_;
  bool forwards_headers_;
  NamedCache cache_;
  CachedBytesStore::Listener listener_;
  bool send_old_values_ = false;
  bool writing_out_ = false;
};

}  // namespace millrace::detail
