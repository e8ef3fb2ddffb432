// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tsl/robin_set.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "budget.hpp"
#include "linked_list.hpp"
#include "millrace/common/bytes.hpp"
#include "record_context_holder.hpp"

namespace millrace::detail {

/// A change that leaves a cache. It owns its bytes, because the entry may change again while it is written out.
struct CacheChange {
  std::string key;
  std::optional<std::string> value;  ///< nullopt: the key is deleted
  KeptContext context;               ///< of the key's last update
};

/// The most recently used entries of one store. (Kafka Streams: `NamedCache`.)
///
/// Each entry is in one of three states:
/// - clean: the store below has the same value. A clean entry may be dropped at any time.
/// - changed: the store below has an older value. The entry stays until take_changes() has handed it out.
/// - leaving: begin_taking() has chosen the entry, and take_changes() has not handed it out yet.
///
/// This class calls neither the store below nor a listener. StoreCache does both.
///
/// Counted bytes are the memory that the cache really holds: entries, their separately allocated keys, values and
/// contexts, the hash table and the index. One thread.
class NamedCache {
 public:
  using Value = std::optional<std::string>;  ///< nullopt: deleted

  /// `budget` and `contexts` must outlive the cache.
  NamedCache(CacheBudget& budget, RecordContextHolder& contexts) : budget_(budget), contexts_(contexts) {}
  ~NamedCache();
  NamedCache(const NamedCache&) = delete;
  NamedCache& operator=(const NamedCache&) = delete;

  /// The value of a key. The entry becomes the most recently used one. nullptr: the cache does not know the key, so ask
  /// the store below. Valid until the next call of a non-const method.
  [[nodiscard]] const Value* get(std::string_view key);
  /// As get(), but does not change the order of use. For iterators.
  [[nodiscard]] const Value* peek(std::string_view key) const;

  /// Records a change that the task's current record has made; nullopt deletes. Keeps the context of that record.
  void put(std::string_view key, BytesView value);
  /// Adds a value that was just read from the store below. REQUIRES: the cache has no entry of this key.
  void put_clean(std::string_view key, std::string_view value);

  /// Chooses all entries that are changed now. take_changes() then hands them out. An entry that changes for the first
  /// time after this call waits for the next begin_taking(). A chosen entry that changes again before it is handed out
  /// keeps its place, and is handed out once, with its newest value.
  void begin_taking();
  /// Hands out the next chosen changes, about 64 KB of them, in the order of each key's last update. Empty: no more.
  ///
  /// The entries are clean from then on, and deleted entries are removed. So the caller must write the changes to the
  /// store below before it reads from cache or store again. Otherwise a read would return the old value.
  [[nodiscard]] std::vector<CacheChange> take_changes();

  /// Drops the least recently used entries until the budget is met. False: the next entry to drop is not clean, so
  /// changes must be written out first.
  [[nodiscard]] bool make_room();

  /// Frees the sorted index if no iteration has used it since the last call. Call this at each commit.
  void tidy();

  /// The keys from `from` (inclusive; nullopt: the first) up to `to` (nullopt: the last), in byte order. `to_inclusive`
  /// says whether `to` itself belongs to the range. Deleted entries count, because they hide entries of the store.
  [[nodiscard]] std::vector<std::string> keys(BytesView from, BytesView to, bool to_inclusive);

  /// The first key >= `key`; nullopt: there is none. With it a search can skip ranges without entries. The view is
  /// valid until its entry is removed.
  [[nodiscard]] std::optional<std::string_view> first_from(std::string_view key);

 private:
  enum class State : std::uint8_t { clean, changed, leaving };
  // One key. Allocated alone and never moved: the lists, the table and the index point to it.
  struct Entry {
    std::string key;
    Value value;
    KeptContext context;  // of the last update; empty in clean entries
    State state = State::clean;
    std::size_t bytes = 0;  // as counted in the budget now
    ListLinks<Entry> by_use;
    ListLinks<Entry> by_change;
  };
  // Both functors take keys and entries, so that a lookup by view needs no temporary entry.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
    std::size_t operator()(const Entry* entry) const { return (*this)(entry->key); }
  };
  struct Equal {
    using is_transparent = void;
    static std::string_view key(std::string_view key) { return key; }
    static std::string_view key(const Entry* entry) { return entry->key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return key(a) == key(b);
    }
  };
  // `true` stores the hashes in the table. They fit into padding beside the pointers and so need no extra memory.
  using Table = tsl::robin_set<Entry*, Hash, Equal, std::allocator<Entry*>, true>;
  using Index = std::map<std::string_view, Entry*>;  // the keys are views of the entries' own keys
  using ChangeList = LinkedList<Entry, &Entry::by_change>;

  // The entry of this key, made if necessary, as the most recently used one.
  Entry& place(std::string_view key);
  void remove(Entry& entry);
  // Computes the bytes of the entry, or of the table, and corrects the budget by the difference.
  void count(Entry& entry);
  void count_table();
  // Replaces `before` bytes by `now` in the budget, and sets `before` to `now`.
  void add_bytes(std::size_t now, std::size_t& before);
  // Builds the sorted index at its first use. After that place() and remove() keep it up to date.
  [[nodiscard]] const Index& index();

  CacheBudget& budget_;
  RecordContextHolder& contexts_;
  Table by_key_;  // owns the entries
  std::size_t table_bytes_ = 0;
  LinkedList<Entry, &Entry::by_use> used_;  // least recently used first
  ChangeList changed_;                      // changed entries, in the order of their last update
  ChangeList leaving_;                      // chosen by begin_taking(), not yet handed out
  // The sorted keys, which only iterations need. nullopt: no iteration has needed them lately.
  std::optional<Index> index_;
  bool index_used_ = false;  // since the last tidy()
};

}  // namespace millrace::detail
