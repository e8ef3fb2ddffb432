// SPDX-License-Identifier: Apache-2.0
#include "window_entry.hpp"

#include <algorithm>

namespace millrace::detail {

std::size_t WindowEntryList::lower_bound(Timestamp start, Sequence seq) const {
  WindowEntry* const* entries = begin();
  // Most lookups are for recent times. So search from the end in steps of 1, 2, 4..., then bisect the last step.
  // Invariant: every entry from `high` on is at or after (start, seq).
  std::size_t low = 0;
  std::size_t high = size_;
  for (std::size_t stride = 1; high > 0; stride *= 2) {
    const std::size_t probe = high > stride ? high - stride : 0;
    if (entries[probe]->before(start, seq)) {
      low = probe + 1;
      break;
    }
    high = probe;
  }
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (entries[middle]->before(start, seq)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void WindowEntryList::make_room() {
  if (capacity_ > 1 && head_ + size_ < capacity_) return;
  // At least half of the array in front of the entries is free: move the entries to the front instead of growing.
  if (capacity_ > 1 && head_ >= capacity_ / 2) {
    std::memmove(many_, many_ + head_, size_ * sizeof(WindowEntry*));
  } else {
    const std::uint32_t capacity = capacity_ == 1 ? 4 : capacity_ * 2;
    auto** grown = static_cast<WindowEntry**>(std::malloc(capacity * sizeof(WindowEntry*)));
    if (grown == nullptr) throw std::bad_alloc();
    std::memcpy(grown, begin(), size_ * sizeof(WindowEntry*));
    if (capacity_ > 1) std::free(many_);
    many_ = grown;
    capacity_ = capacity;
  }
  head_ = 0;
}

void WindowEntryList::insert(std::size_t index, WindowEntry* entry) {
  // The first entry needs no array.
  if (capacity_ == 1 && size_ == 0) {
    one_ = entry;
  } else {
    make_room();
    WindowEntry** entries = begin();
    // Usually moves nothing: entries mostly arrive in order of time.
    std::memmove(entries + index + 1, entries + index, (size_ - index) * sizeof(WindowEntry*));
    entries[index] = entry;
  }
  ++size_;
}

void WindowEntryList::erase(std::size_t index) {
  if (capacity_ > 1) {
    // Erasing the oldest entry is the usual case, and costs no move.
    if (index == 0) {
      ++head_;
    } else {
      WindowEntry** entries = begin();
      std::memmove(entries + index, entries + index + 1, (size_ - index - 1) * sizeof(WindowEntry*));
    }
  }
  --size_;
}

WindowEntry* WindowArena::allocate(std::size_t value_capacity) {
  const std::size_t wanted = footprint(value_capacity);
  if (chunks_.empty() || chunks_.back().size - chunks_.back().used < wanted) {
    // A value larger than a chunk gets a chunk to itself.
    const std::size_t size = std::max(wanted, chunk_bytes_);
    chunks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size, 0});
    bytes_ += size;
  }
  Chunk& chunk = chunks_.back();
  auto* entry = new (chunk.data.get() + chunk.used) WindowEntry();
  // The capacity is rounded up to what the footprint allows, so that for_each() finds the next entry.
  entry->value_capacity = static_cast<std::uint32_t>(footprint(value_capacity) - sizeof(WindowEntry));
  chunk.used += wanted;
  return entry;
}

}  // namespace millrace::detail
