// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tsl/robin_set.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string_view>
#include <vector>

#include "budget.hpp"
#include "evicted_keys.hpp"
#include "millrace/common/bytes.hpp"
#include "millrace/common/time.hpp"
#include "window_entry.hpp"

namespace millrace::detail {

/// The in-memory tier of a window store. It holds the recent entries, by key, and per key sorted by (start, seq). Times
/// are window starts in ms.
///
/// Completeness  It holds every entry of every key with start >= complete_from(), so such a lookup needs no RocksDB
///               read. Uncommitted entries are held whatever their start; those before complete_from() stay until the
///               commit.
/// Slices        Entries are grouped by start into slices, each with its own memory. Slices do not overlap.
/// Eviction      The oldest slice is freed as a whole, once all its entries are committed or expired. complete_from()
///               then moves to the next slice. The cost is constant per entry. A Bloom filter remembers the keys of
///               evicted slices, so a lookup of any other key needs no RocksDB read either.
/// In memory     A store without a database uses this class too. It never marks entries as dirty and evicts nothing.
/// Threads       One. Owned by its store; the budget must outlive it.
class WindowTier final : public EvictableTier {
 public:
  /// When a slice is full: at `bytes`, or when it spans `span_ms`. The next entry with a later start begins a new
  /// slice.
  struct SliceLimits {
    std::size_t bytes = 256u << 10;
    std::int64_t span_ms = 0;
  };

  /// `budget` may be null: then nothing is ever evicted.
  WindowTier(TierBudget* budget, SliceLimits limits);
  ~WindowTier() override;

  /// The tier holds all entries with this start or a later one.
  [[nodiscard]] Timestamp complete_from() const { return complete_from_; }

  /// True: RocksDB has no entry of `key` with from <= start <= to that this tier does not have.
  [[nodiscard]] bool knows(std::string_view key, Timestamp from, Timestamp to) const {
    if (from >= complete_from_) return true;
    return from >= evicted_.known_from() && !evicted_.may_contain(hash_of(key), from, std::min(to, complete_from_ - 1));
  }

  /// Inserts or overwrites an entry. `dirty`: the database does not have it yet.
  void put(std::string_view key, Timestamp start, Sequence seq, std::string_view value, bool dirty);

  /// Deletes an entry. `dirty`: the database may have it, so the deletion is kept until the commit. Otherwise only this
  /// tier has it.
  void erase(std::string_view key, Timestamp start, Sequence seq, bool dirty);

  /// While a Hold exists nothing is evicted, even if another store exceeds the shared budget. So entries stay valid
  /// while a visitor runs.
  class Hold {
   public:
    explicit Hold(WindowTier& tier) : tier_(tier) { ++tier_.holds_; }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { --tier_.holds_; }

   private:
    WindowTier& tier_;
  };

  /// Calls `visit(const WindowEntry&)` for the entries of `key` with from <= start <= to, in order of (start, seq),
  /// until it returns false. Uncommitted deletions are visited too. `visit` may put and erase entries; changes after
  /// the present position are seen.
  template <class Visit>
  void visit(std::string_view key, Timestamp from, Timestamp to, Visit&& visit) const {
    const WindowEntryList* entries = entries_of(key);
    if (entries == nullptr) return;
    std::size_t i = entries->lower_bound(from, Sequence());
    while (i < entries->size()) {
      const WindowEntry& entry = *(*entries)[i];
      const Timestamp start = entry.start;
      const Sequence seq = entry.seq;
      const std::uint64_t changes = changes_;
      if (start > to || !visit(entry)) return;
      // The usual case: nothing has changed, so the list and the index are still valid.
      if (changes == changes_) {
        ++i;
        continue;
      }
      // `visit` has changed the lists. Find the position again by start and sequence number.
      entries = entries_of(key);
      if (entries == nullptr) return;
      i = entries->lower_bound(start, seq + 1);
    }
  }

  /// Calls `visit(const WindowEntry&)` for the entries of all keys with from <= start <= to, in no particular order.
  /// `visit` must not change the tier.
  template <class Visit>
  void visit_all(Timestamp from, Timestamp to, Visit&& visit) {
    const auto visit_slice = [&](Slice& slice) {
      slice.arena.for_each([&](WindowEntry& entry) {
        if (entry.owner != nullptr && entry.start >= from && entry.start <= to) visit(std::as_const(entry));
      });
    };
    visit_slice(late_);
    for (Slice& slice : slices_) {
      if (slice.max_start >= from && slice.from <= to) visit_slice(slice);
    }
  }

  /// Calls `visit(const WindowEntry&)` for every uncommitted entry, deletions included. `visit` must not change the
  /// tier.
  template <class Visit>
  void visit_dirty(Visit&& visit) const {
    const auto visit_slice = [&](const Slice& slice) {
      for (const WindowEntry* entry : slice.dirty) {
        if (entry->owner != nullptr) visit(*entry);
      }
    };
    visit_slice(late_);
    for (const Slice& slice : slices_) visit_slice(slice);
  }

  /// All dirty entries are in the database now.
  void committed();

  /// Drops the slices whose entries all start before `live_from`.
  void expire(Timestamp live_from);

  /// Forgets everything. The tier is then complete from `complete_from` on; no such entry may exist yet.
  void reset(Timestamp complete_from);

  /// Bytes of the keys and values that are not committed.
  [[nodiscard]] std::size_t dirty_bytes() const { return dirty_bytes_; }

  [[nodiscard]] std::size_t tier_bytes() const override { return bytes_; }
  std::size_t evict() override;

 private:
  // The entries of a range of time, with their memory. Freed as a whole.
  struct Slice {
    Timestamp from;                      // starts in [from, next slice's from)
    Timestamp max_start = kNoTimestamp;  // the largest start put so far
    WindowArena arena;
    std::vector<WindowEntry*> dirty;  // may contain dead entries
  };
  // Keys are hashed once and looked up by view, without a copy.
  struct Hash {
    std::size_t operator()(std::string_view key) const { return hash_of(key); }
    std::size_t operator()(const WindowKeyRecord* record) const { return record->hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const WindowKeyRecord* a, const WindowKeyRecord* b) const { return a == b; }
    bool operator()(const WindowKeyRecord* a, std::string_view b) const { return a->key() == b; }
    bool operator()(std::string_view a, const WindowKeyRecord* b) const { return a == b->key(); }
  };

  [[nodiscard]] static std::size_t hash_of(std::string_view key) { return std::hash<std::string_view>{}(key); }
  // Bytes of the key record: its key, its list and the hash bucket.
  [[nodiscard]] static std::size_t size_of(const WindowKeyRecord& record);
  [[nodiscard]] static std::size_t payload(const WindowEntry& entry);

  // nullptr: the tier has no entry of this key.
  [[nodiscard]] const WindowEntryList* entries_of(std::string_view key) const {
    const auto found = records_.find(key, hash_of(key));
    return found == records_.end() ? nullptr : &(*found)->entries;
  }
  [[nodiscard]] Slice make_slice(Timestamp from) const;
  // The slice that an entry with this start belongs to. Makes a new slice if the last one is full.
  [[nodiscard]] Slice& slice_for(Timestamp start);
  // Allocates an entry in the slice and lists it under its key.
  WindowEntry& add(Slice& slice, WindowKeyRecord& record, std::size_t index, Timestamp start, Sequence seq,
                   std::size_t value_capacity);
  // Remembers the entry for the next commit. Does nothing if it is dirty already.
  void mark_dirty(Slice& slice, WindowEntry& entry);
  // Removes an entry from its key's list, and the key if that was its last entry. Does not free the entry's memory.
  void unlink(WindowEntry& entry);
  // Unlinks all entries of a slice. The caller then drops the slice, which frees the memory.
  void drop(Slice& slice);
  // Drops the oldest slice and moves complete_from_ to the next one.
  void drop_front();
  // Adds to the tier's own count and to the shared budget.
  void charge(std::ptrdiff_t bytes);

  // Null for in-memory stores, which never evict.
  TierBudget* budget_;
  SliceLimits limits_;
  Timestamp complete_from_ = 0;
  // Owns the records, see WindowKeyRecord::destroy.
  tsl::robin_set<WindowKeyRecord*, Hash, Equal, std::allocator<WindowKeyRecord*>, true> records_;
  std::deque<Slice> slices_;  // sorted by time, never empty; the first one begins at complete_from_
  Slice late_;                // uncommitted entries with start < complete_from_
  EvictedKeys evicted_;
  std::size_t bytes_ = 0;  // of slices, key records and filters
  std::size_t dirty_bytes_ = 0;
  std::uint64_t changes_ = 0;  // counts changes of the entry lists, for visit()
  int holds_ = 0;              // Holds that exist; > 0 forbids eviction
};

}  // namespace millrace::detail
