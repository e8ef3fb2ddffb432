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

/// Recent entries of a window store in memory: by key, and per key sorted by (start, seq).
///
/// Completeness  Holds all entries of all keys with start >= complete_from(): a lookup from there on needs nothing
/// else.
///               Uncommitted entries are held whatever their start; those below complete_from() until commit.
/// Eviction      Entries lie in time slices. The oldest slice goes as a whole, with its memory, once all of it is
///               committed (or expired); complete_from() moves behind it. Constant work per entry. A filter keeps in
///               mind which keys it had, so that a lookup of any other key needs nothing else further back still.
/// In memory     A store without database uses it too: it never marks entries as dirty, and nothing is evicted.
class WindowTier final : public EvictableTier {
 public:
  /// How a time slice ends: once it has so many bytes or spans so much time, the next later entry starts a new one.
  struct SliceLimits {
    std::size_t bytes = 256u << 10;
    std::int64_t span_ms = 0;
  };

  /// `budget` may be null: none.
  WindowTier(TierBudget* budget, SliceLimits limits);
  ~WindowTier() override;

  [[nodiscard]] Timestamp complete_from() const { return complete_from_; }

  /// True if all entries of `key` with from <= start <= to that exist are here.
  [[nodiscard]] bool knows(std::string_view key, Timestamp from, Timestamp to) const {
    if (from >= complete_from_) return true;
    return from >= evicted_.known_from() && !evicted_.may_contain(hash_of(key), from, std::min(to, complete_from_ - 1));
  }

  /// Puts or overwrites. `dirty`: not in the database yet.
  void put(std::string_view key, Timestamp start, std::uint32_t seq, std::string_view value, bool dirty);

  /// Deletes. `dirty`: the entry may be in the database; false: it is only here.
  void erase(std::string_view key, Timestamp start, std::uint32_t seq, bool dirty);

  /// While it exists nothing is evicted, whatever other stores that share the budget need.
  class Hold {
   public:
    explicit Hold(WindowTier& tier) : tier_(tier) { ++tier_.holds_; }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { --tier_.holds_; }

   private:
    WindowTier& tier_;
  };

  /// Calls `visit(const WindowEntry&)` for the entries of `key` with from <= start <= to by (start, seq), deletes that
  /// are not committed among them, until it returns false. It may put and erase: then what is ahead counts.
  template <class Visit>
  void visit(std::string_view key, Timestamp from, Timestamp to, Visit&& visit) const {
    const WindowEntryList* entries = entries_of(key);
    if (entries == nullptr) return;
    std::size_t i = entries->lower_bound(from, 0);
    while (i < entries->size()) {
      const WindowEntry& entry = *(*entries)[i];
      const Timestamp start = entry.start;
      const std::uint32_t seq = entry.seq;
      const std::uint64_t changes = changes_;
      if (start > to || !visit(entry)) return;
      if (changes == changes_) {
        ++i;
        continue;
      }
      entries = entries_of(key);
      if (entries == nullptr) return;
      i = entries->lower_bound(start, seq + 1);
    }
  }

  /// Calls `visit(const WindowEntry&)` for the entries of all keys with from <= start <= to, in no order.
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

  /// Calls `visit(const WindowEntry&)` for every uncommitted entry.
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

  /// All that was dirty is in the database now.
  void committed();

  /// Drops slices all of whose entries start before `live_from`.
  void expire(Timestamp live_from);

  /// Forgets everything; holds all entries from `complete_from` on, of which there are none yet.
  void reset(Timestamp complete_from);

  /// Bytes of keys and values that are not committed.
  [[nodiscard]] std::size_t dirty_bytes() const { return dirty_bytes_; }

  [[nodiscard]] std::size_t tier_bytes() const override { return bytes_; }
  std::size_t evict() override;

 private:
  struct Slice {
    Timestamp from;                      // the slice reaches to the next one's from
    Timestamp max_start = kNoTimestamp;  // of what was put into it
    WindowArena arena;
    std::vector<WindowEntry*> dirty;
  };
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
  [[nodiscard]] static std::size_t size_of(const WindowKeyRecord& record);
  [[nodiscard]] static std::size_t payload(const WindowEntry& entry);

  [[nodiscard]] const WindowEntryList* entries_of(std::string_view key) const {
    const auto found = records_.find(key, hash_of(key));
    return found == records_.end() ? nullptr : &(*found)->entries;
  }
  [[nodiscard]] Slice make_slice(Timestamp from) const;
  [[nodiscard]] Slice& slice_for(Timestamp start);
  WindowEntry& add(Slice& slice, WindowKeyRecord& record, std::size_t index, Timestamp start, std::uint32_t seq,
                   std::size_t value_capacity);
  void mark_dirty(Slice& slice, WindowEntry& entry);
  void unlink(WindowEntry& entry);
  void drop(Slice& slice);
  void drop_front();
  void charge(std::ptrdiff_t bytes);

  TierBudget* budget_;
  SliceLimits limits_;
  Timestamp complete_from_ = 0;
  tsl::robin_set<WindowKeyRecord*, Hash, Equal, std::allocator<WindowKeyRecord*>, true> records_;
  std::deque<Slice> slices_;  // by time, never empty; the first begins at complete_from_
  Slice late_;                // uncommitted entries below complete_from_
  EvictedKeys evicted_;
  std::size_t bytes_ = 0;
  std::size_t dirty_bytes_ = 0;
  std::uint64_t changes_ = 0;  // of the lists of entries
  int holds_ = 0;
};

}  // namespace millrace::detail
