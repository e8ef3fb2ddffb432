// SPDX-License-Identifier: Apache-2.0
#include "window_tier.hpp"

#include <algorithm>
#include <cstring>

#include "millrace/common/detail/saturating.hpp"

namespace millrace::detail {

// The filters of evicted keys may use an eighth of the budget.
WindowTier::WindowTier(TierBudget* budget, SliceLimits limits)
    : budget_(budget), limits_(limits), late_(make_slice(0)), evicted_(budget != nullptr ? budget->limit() / 8 : 0) {
  records_.max_load_factor(0.8f);
  slices_.push_back(make_slice(0));
  if (budget_ != nullptr) budget_->add(*this);
}

WindowTier::~WindowTier() {
  reset(0);
  if (budget_ != nullptr) budget_->remove(*this);
}

std::size_t WindowTier::size_of(const WindowKeyRecord& record) {
  constexpr std::size_t kAllocatorAndBucket = 16 + 2 * 16;  // bytes, an estimate
  return sizeof(WindowKeyRecord) + record.key_size + kAllocatorAndBucket + record.entries.heap_bytes();
}

// The bytes that a commit of the entry writes, about.
std::size_t WindowTier::payload(const WindowEntry& entry) {
  return entry.owner->key_size + sizeof entry.start + sizeof entry.seq + entry.value_size;
}

WindowTier::Slice WindowTier::make_slice(Timestamp from) const {
  // Chunks are a quarter of a slice, so that a small slice does not reserve much more memory than it uses.
  return {from, kNoTimestamp, WindowArena(std::clamp<std::size_t>(limits_.bytes / 4, 512, 32u << 10)), {}};
}

WindowTier::Slice& WindowTier::slice_for(Timestamp start) {
  // Entries of evicted slices cannot come back into a slice. They wait for the commit in `late_`.
  if (start < complete_from_) return late_;
  Slice& last = slices_.back();
  if (start >= last.from) {
    // A new slice begins only after the latest entry, so that slices never overlap in time.
    const bool full = last.arena.bytes() >= limits_.bytes || start - last.from >= limits_.span_ms;
    if (!full || start <= last.max_start || last.max_start == kNoTimestamp) return last;
    slices_.push_back(make_slice(saturating_add(last.max_start, 1)));
    return slices_.back();
  }
  const auto next = std::upper_bound(slices_.begin(), slices_.end(), start,
                                     [](Timestamp time, const Slice& slice) { return time < slice.from; });
  return *std::prev(next);
}

// Allocates an entry in the slice and puts it into the key's list. `index`: its place in the list.
WindowEntry& WindowTier::add(Slice& slice, WindowKeyRecord& record, std::size_t index, Timestamp start, Sequence seq,
                             std::size_t value_capacity) {
  const std::size_t arena_before = slice.arena.bytes();
  const std::size_t heap_before = record.entries.heap_bytes();
  WindowEntry* entry = slice.arena.allocate(value_capacity);
  entry->owner = &record;
  entry->start = start;
  entry->seq = seq;
  slice.max_start = std::max(slice.max_start, start);
  ++changes_;
  // A larger value for an existing entry replaces it in the list.
  if (index < record.entries.size() && record.entries[index]->start == start && record.entries[index]->seq == seq) {
    record.entries.replace(index, entry);
  } else {
    record.entries.insert(index, entry);
  }
  charge(static_cast<std::ptrdiff_t>(slice.arena.bytes() - arena_before + record.entries.heap_bytes() - heap_before));
  return *entry;
}

void WindowTier::mark_dirty(Slice& slice, WindowEntry& entry) {
  if (entry.dirty) return;
  entry.dirty = true;
  slice.dirty.push_back(&entry);
}

void WindowTier::put(std::string_view key, Timestamp start, Sequence seq, std::string_view value, bool dirty) {
  Slice& slice = slice_for(start);
  // Hashed once, for the lookup, the insertion and later for the filter of evicted keys.
  const std::size_t hash = hash_of(key);
  const auto found = records_.find(key, hash);
  WindowKeyRecord* record;
  if (found != records_.end()) {
    record = *found;
  } else {
    record = WindowKeyRecord::make(key, hash);
    records_.insert(record);
    charge(static_cast<std::ptrdiff_t>(size_of(*record)));
  }
  const std::size_t index = record->entries.lower_bound(start, seq);
  WindowEntry* entry = index < record->entries.size() ? record->entries[index] : nullptr;
  if (entry == nullptr || entry->start != start || entry->seq != seq) {
    entry = &add(slice, *record, index, start, seq, value.size());
  } else {
    // The old size no longer counts; the new one is added below.
    if (entry->dirty) dirty_bytes_ -= payload(*entry);
    if (value.size() > entry->value_capacity) {
      // Reserve half as much again: a value that keeps growing, such as a list, then leaves few dead entries behind.
      WindowEntry& larger = add(slice, *record, index, start, seq,
                                std::max<std::size_t>(value.size(), entry->value_capacity * std::size_t{3} / 2));
      entry->owner = nullptr;  // dead now; its memory is freed with the slice
      entry = &larger;
    }
  }
  // memmove, because `value` may be a view of this entry's own value.
  if (!value.empty()) std::memmove(entry->value_data(), value.data(), value.size());
  entry->value_size = static_cast<std::uint32_t>(value.size());
  entry->deleted = false;
  if (dirty) {
    mark_dirty(slice, *entry);
    dirty_bytes_ += payload(*entry);
  }
}

void WindowTier::erase(std::string_view key, Timestamp start, Sequence seq, bool dirty) {
  const auto found = records_.find(key, hash_of(key));
  WindowEntry* entry = nullptr;
  if (found != records_.end()) {
    const WindowEntryList& entries = (*found)->entries;
    const std::size_t index = entries.lower_bound(start, seq);
    if (index < entries.size() && entries[index]->start == start && entries[index]->seq == seq) entry = entries[index];
  }
  if (entry == nullptr) {
    // The tier is complete here, or the caller has no database: there is nothing to delete.
    if (start >= complete_from_ || !dirty) return;
    // RocksDB may have the entry. Keep a deletion until the commit.
    put(key, start, seq, {}, true);
    late_.dirty.back()->deleted = true;
    return;
  }
  if (!dirty) {
    unlink(*entry);
    return;
  }
  if (entry->dirty) dirty_bytes_ -= payload(*entry);
  // A deletion is kept as an entry, so that the commit deletes in RocksDB too.
  entry->value_size = 0;
  entry->deleted = true;
  mark_dirty(slice_for(start), *entry);
  dirty_bytes_ += payload(*entry);
}

void WindowTier::unlink(WindowEntry& entry) {
  WindowKeyRecord* record = entry.owner;
  entry.owner = nullptr;
  ++changes_;
  const std::size_t heap_before = record->entries.heap_bytes();
  // Entries are mostly erased oldest first, which needs no search.
  const bool first = record->entries[0] == &entry;
  record->entries.erase(first ? 0 : record->entries.lower_bound(entry.start, entry.seq));
  if (record->entries.size() == 0) {
    charge(-static_cast<std::ptrdiff_t>(size_of(*record)));
    records_.erase(record, record->hash);
    WindowKeyRecord::destroy(record);
  } else {
    charge(static_cast<std::ptrdiff_t>(record->entries.heap_bytes()) - static_cast<std::ptrdiff_t>(heap_before));
  }
}

// Clean entries stay as a copy of what RocksDB has. Deletions are done, so their entries go.
void WindowTier::committed() {
  for (Slice& slice : slices_) {
    for (WindowEntry* entry : slice.dirty) {
      if (entry->owner == nullptr) continue;
      entry->dirty = false;
      if (entry->deleted) unlink(*entry);  // RocksDB has no such entry now either
    }
    slice.dirty.clear();
  }
  // Late entries leave the tier. Record them in the filters, or a lookup would not find them in RocksDB.
  for (const WindowEntry* entry : late_.dirty) {
    if (entry->owner != nullptr && !entry->deleted) evicted_.add_late(entry->owner->hash, entry->start);
  }
  drop(late_);
  late_ = make_slice(0);
  dirty_bytes_ = 0;
}

// Unlinks one by one: the keys may have entries in other slices.
void WindowTier::drop(Slice& slice) {
  slice.arena.for_each([this](WindowEntry& entry) {
    if (entry.owner == nullptr) return;
    if (entry.dirty) dirty_bytes_ -= payload(entry);
    unlink(entry);
  });
  charge(-static_cast<std::ptrdiff_t>(slice.arena.bytes()));
}

void WindowTier::drop_front() {
  drop(slices_.front());
  if (slices_.size() > 1) {
    slices_.pop_front();
  } else {
    // The last slice is replaced by an empty one, because slices_ is never empty.
    slices_.front() = make_slice(std::max(complete_from_, saturating_add(slices_.front().max_start, 1)));
  }
  complete_from_ = slices_.front().from;
}

void WindowTier::expire(Timestamp live_from) {
  // A slice can be dropped if the next slice begins at or before `live_from`: all its entries are then expired.
  while (slices_.size() > 1 && slices_[1].from <= live_from) drop_front();
  const Slice& only = slices_.front();
  if (slices_.size() == 1 && only.max_start != kNoTimestamp && only.max_start < live_from) drop_front();
  const auto filters_before = static_cast<std::ptrdiff_t>(evicted_.bytes());
  evicted_.drop_before(live_from);
  charge(static_cast<std::ptrdiff_t>(evicted_.bytes()) - filters_before);
}

void WindowTier::reset(Timestamp complete_from) {
  // Frees the records directly: unlinking entry by entry would be slow. The arenas free the entries.
  ++changes_;
  for (WindowKeyRecord* record : records_) WindowKeyRecord::destroy(record);
  records_.clear();
  slices_.clear();
  slices_.push_back(make_slice(complete_from));
  late_ = make_slice(0);
  evicted_.reset(complete_from);
  complete_from_ = complete_from;
  dirty_bytes_ = 0;
  charge(-static_cast<std::ptrdiff_t>(bytes_));
}

std::size_t WindowTier::evict() {
  // A visitor holds pointers to entries.
  if (holds_ > 0) return 0;
  Slice& oldest = slices_.front();
  // Uncommitted entries exist only here, so their slice cannot go. An empty slice frees nothing.
  if (!oldest.dirty.empty() || oldest.max_start == kNoTimestamp) return 0;
  const std::size_t before = bytes_;
  const auto filters_before = static_cast<std::ptrdiff_t>(evicted_.bytes());
  // Record the keys first: lookups before complete_from() depend on the filters.
  evicted_.begin_slice(complete_from_, slices_.size() > 1 ? slices_[1].from : saturating_add(oldest.max_start, 1));
  oldest.arena.for_each([this](const WindowEntry& entry) {
    if (entry.owner != nullptr) evicted_.add(entry.owner->hash);
  });
  charge(static_cast<std::ptrdiff_t>(evicted_.bytes()) - filters_before);
  drop_front();
  return before > bytes_ ? before - bytes_ : 0;
}

void WindowTier::charge(std::ptrdiff_t bytes) {
  // `bytes` may be negative: unsigned arithmetic wraps around, so the sum is right.
  bytes_ += static_cast<std::size_t>(bytes);
  if (budget_ != nullptr) budget_->charge(bytes);
}

}  // namespace millrace::detail
