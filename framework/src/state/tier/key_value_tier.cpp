// SPDX-License-Identifier: Apache-2.0
#include "key_value_tier.hpp"

namespace millrace::detail {

// The memory that an entry costs besides its key and value: list node, hash bucket, allocator headers. An estimate.
constexpr std::size_t kEntryOverhead = sizeof(KeyValueTier::Entry) + 16 + 2 * 40 + 32;

std::size_t KeyValueTier::size_of(const Entry& entry) {
  return kEntryOverhead + entry.key.size() + (entry.value ? entry.value->size() : 0);
}

void KeyValueTier::charge(std::ptrdiff_t bytes) {
  bytes_ += bytes;
  budget_.charge(bytes);
}

const KeyValueTier::Entry* KeyValueTier::find(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const auto entry = found->second;
  // A dirty entry cannot be evicted, so it needs no place in the order of use.
  if (!entry->dirty) clean_.splice(clean_.begin(), clean_, entry);
  return &*entry;
}

const KeyValueTier::Entry& KeyValueTier::remember(std::string_view key, BytesView value) {
  // At the front: the entry was used just now, so it is evicted last.
  clean_.push_front({std::string(key), owned(value)});
  by_key_.emplace(clean_.front().key, clean_.begin());
  charge(static_cast<std::ptrdiff_t>(size_of(clean_.front())));
  return clean_.front();
}

// A clean entry becomes dirty: it moves to the list of dirty entries, where it cannot be evicted.
void KeyValueTier::write(std::string_view key, BytesView value) {
  const auto found = by_key_.find(key);
  Entries::iterator entry;
  if (found == by_key_.end()) {
    dirty_.push_back({std::string(key), std::nullopt, true});
    entry = std::prev(dirty_.end());
    by_key_.emplace(entry->key, entry);
    charge(static_cast<std::ptrdiff_t>(size_of(*entry)));
    dirty_bytes_ += size_of(*entry);
    // The index exists only if someone has iterated since the last commit. Keep it complete.
    if (index_) index_->emplace(entry->key, &*entry);
  } else {
    entry = found->second;
    if (!entry->dirty) {
      entry->dirty = true;
      dirty_.splice(dirty_.end(), clean_, entry);
      dirty_bytes_ += size_of(*entry);
      if (index_) index_->emplace(entry->key, &*entry);
    }
  }
  // May add a negative number: unsigned arithmetic wraps around, so the sum is right.
  dirty_bytes_ += static_cast<std::size_t>(assign(*entry, value));
}

void KeyValueTier::refresh(std::string_view key, BytesView value) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) assign(*found->second, value);
}

std::ptrdiff_t KeyValueTier::assign(Entry& entry, BytesView value) {
  const auto before = static_cast<std::ptrdiff_t>(size_of(entry));
  if (!value) {
    entry.value.reset();
  } else if (entry.value) {
    entry.value->assign(*value);  // std::string::assign also works if *value is a view of the old value
  } else {
    entry.value.emplace(*value);
  }
  const auto grown = static_cast<std::ptrdiff_t>(size_of(entry)) - before;
  charge(grown);
  return grown;
}

const KeyValueTier::DirtyIndex& KeyValueTier::dirty_index() {
  if (!index_) {
    index_.emplace();
    for (const Entry& entry : dirty_) index_->emplace(entry.key, &entry);
  }
  return *index_;
}

void KeyValueTier::committed() {
  for (Entry& entry : dirty_) entry.dirty = false;
  // Moves the list nodes. Entries that were just written count as the most recently used ones.
  clean_.splice(clean_.begin(), dirty_);
  // All entries are clean now, so the index would be empty. Drop it; the next iteration builds a new one.
  dirty_bytes_ = 0;
  index_.reset();
}

// Removes the entries instead of restoring old values: RocksDB still has the committed values.
void KeyValueTier::discard() {
  while (!dirty_.empty()) erase(dirty_, dirty_.begin());
  dirty_bytes_ = 0;
  index_.reset();
}

void KeyValueTier::clear() {
  // The keys of by_key_ are views of the entries, so it goes first.
  by_key_.clear();
  clean_.clear();
  dirty_.clear();
  index_.reset();
  charge(-static_cast<std::ptrdiff_t>(bytes_));
  dirty_bytes_ = 0;
}

void KeyValueTier::erase(Entries& list, Entries::iterator entry) {
  charge(-static_cast<std::ptrdiff_t>(size_of(*entry)));
  // First the table: its key is a view of the entry.
  by_key_.erase(entry->key);
  list.erase(entry);
}

std::size_t KeyValueTier::evict() {
  // Evict up to 32 entries per call, so that the budget does not search its tiers for each entry.
  const std::size_t before = bytes_;
  // The least recently used entries are at the end.
  for (int i = 0; i < 32 && !clean_.empty(); ++i) erase(clean_, std::prev(clean_.end()));
  return before - bytes_;
}

}  // namespace millrace::detail
