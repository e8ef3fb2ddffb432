#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "budget.hpp"
#include "millrace/common/bytes.hpp"
#include "record_context_holder.hpp"

namespace millrace::detail {

/// The last used entries of one store. Changed ones are held back until flush(), which hands them out in the order of
/// their last update; so does a put that goes over the budget and has to evict a changed one. That one comes first,
/// then all others. (Kafka Streams: `NamedCache`.)
///
/// Sizes are counted and entries evicted as in Java, so that the same updates leave the cache at the same time. What
/// the flush function does may come back to this cache. Threads: one.
class NamedCache {
 public:
  struct Entry {
    std::string key;
    std::optional<std::string> value;
    KeptContext context;
    bool dirty = false;

   private:
    friend class NamedCache;
    using Place = std::list<Entry>::iterator;

    std::int64_t bytes = 0;
    int flushing = 0;  // how many flushes that are under way still need it
    std::list<Place>::iterator dirty_place;
  };
  using Flush = std::function<void(const Entry& entry)>;

  /// `budget` and `contexts` must outlive the cache. `value_extra_bytes`: how much longer values are in Java.
  NamedCache(CacheBudget& budget, const RecordContextHolder& contexts, Flush flush, std::size_t value_extra_bytes = 0);
  ~NamedCache();
  NamedCache(const NamedCache&) = delete;
  NamedCache& operator=(const NamedCache&) = delete;

  /// The entry, which is now the last used; nullptr: none. Valid until the next call of another method.
  [[nodiscard]] const Entry* get(std::string_view key);

  /// A change, by the task's current record; nullopt deletes.
  void put(std::string_view key, BytesView value);
  /// What the store below has. REQUIRES: no entry of this key.
  void put_clean(std::string_view key, std::string_view value);

  void flush();

  [[nodiscard]] bool is_small() const { return budget_.is_small(); }

  /// The keys from `from` (nullopt: the first) up to `to` (nullopt: the last; inclusive or not), in order.
  [[nodiscard]] std::vector<std::string> keys(BytesView from, BytesView to, bool to_inclusive);

  /// The first key >= `key`; the way to skip from place to place. nullopt: there is none.
  [[nodiscard]] std::optional<std::string_view> first_from(std::string_view key);

 private:
  using Entries = std::list<Entry>;
  using Place = Entries::iterator;
  class Accounting;

  void put_dirty(std::string_view key, BytesView value);
  Entry& place(std::string_view key);
  void counted(Entry& entry);
  void evict_over_budget();
  void evict();
  void remove(Place entry);
  void hand_out(const std::vector<Place>& batch);
  [[nodiscard]] std::vector<Place> take_dirty();
  [[nodiscard]] const std::map<std::string_view, Place>& index();

  CacheBudget& budget_;
  const RecordContextHolder& contexts_;
  Flush flush_;
  std::size_t value_extra_bytes_;
  Entries entries_;                                 // last used first
  Entries gone_;                                    // out of the cache, but still needed by a flush
  tsl::robin_map<std::string_view, Place> by_key_;  // views of the entries' own keys
  std::list<Place> dirty_;                          // in the order of their last update
  std::optional<std::map<std::string_view, Place>> index_;
  bool index_used_ = false;  // since the last flush
  int flushes_ = 0;          // under way
  std::int64_t bytes_ = 0;   // of all entries in the cache
};

}  // namespace millrace::detail
