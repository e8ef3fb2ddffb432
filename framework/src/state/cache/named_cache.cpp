// SPDX-License-Identifier: Apache-2.0
#include "named_cache.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace millrace::detail {

namespace {

// Bytes of entries that take_changes() hands out at once. Large enough that the fixed cost of a batch does not matter.
// Small compared to any sensible budget, because the changes of a batch are copies.
constexpr std::size_t kBatchBytes = 64u << 10;

/// The bytes that an allocation of `bytes` takes from the heap. glibc adds a header of 8 bytes, rounds up to 16, and
/// allocates at least 32.
constexpr std::size_t allocated(std::size_t bytes) { return std::max<std::size_t>((bytes + 8 + 15) / 16 * 16, 32); }

// A short string lies inside the string object and takes nothing from the heap.
std::size_t heap_bytes(const std::string& text) {
  static const std::size_t kInside = std::string().capacity();
  return text.capacity() > kInside ? allocated(text.capacity() + 1) : 0;
}
std::size_t heap_bytes(const std::optional<std::string>& text) { return text ? heap_bytes(*text) : 0; }

std::size_t heap_bytes(const KeptContext& context) {
  std::size_t bytes = 0;
  // Headers are a pointer to a list object with a vector (three words), which points to the array.
  if (!context.headers.empty()) {
    bytes += allocated(3 * sizeof(void*)) + allocated(context.headers.size() * sizeof(Header));
    for (const Header& header : context.headers) bytes += heap_bytes(header.key) + heap_bytes(header.value);
  }
  if (context.raw) {
    bytes += allocated(sizeof(KeptContext::Raw)) + heap_bytes(context.raw->key) + heap_bytes(context.raw->value);
  }
  return bytes;
}

// A bucket of the hash table: pointer and hash. A node of the index: four words of the tree, the view, the pointer.
constexpr std::size_t kBucketBytes = 16;
constexpr std::size_t kIndexBytes = allocated(4 * sizeof(void*) + sizeof(std::string_view) + sizeof(void*));

}  // namespace

// Changes that were not taken are lost. A task that closes cleanly has committed before, which takes them all.
NamedCache::~NamedCache() {
  for (Entry* entry : by_key_) {
    budget_.used_ -= entry->bytes;
    delete entry;
  }
  budget_.used_ -= table_bytes_;
}

const NamedCache::Value* NamedCache::get(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  Entry& entry = **found;
  // Removing and appending makes the entry the most recently used one.
  used_.remove(entry);
  used_.push_back(entry);
  return &entry.value;
}

const NamedCache::Value* NamedCache::peek(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &(*found)->value;
}

void NamedCache::put(std::string_view key, BytesView value) {
  Entry& entry = place(key);
  if (!value) {
    entry.value.reset();
  } else if (entry.value) {
    entry.value->assign(*value);  // also correct if `value` is a view of the old value
  } else {
    entry.value.emplace(*value);
  }
  // The context of the last update replaces the earlier one, as in Kafka Streams.
  contexts_.keep(entry.context);
  // A leaving entry keeps its place in leaving_: take_changes() will hand out the new value.
  if (entry.state != State::leaving) {
    if (entry.state == State::changed) changed_.remove(entry);
    entry.state = State::changed;
    changed_.push_back(entry);
  }
  count(entry);
}

void NamedCache::put_clean(std::string_view key, std::string_view value) {
  Entry& entry = place(key);
  entry.value.emplace(value);
  count(entry);
}

/// The key's entry, new or old, as the last used one.
NamedCache::Entry& NamedCache::place(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    Entry& entry = **found;
    used_.remove(entry);
    used_.push_back(entry);
    return entry;
  }
  // The table gets the entry before it is released, so that a failed insertion does not leak it.
  auto made = std::make_unique<Entry>();
  made->key.assign(key);
  by_key_.insert(made.get());
  Entry& entry = *made.release();
  used_.push_back(entry);
  if (index_) index_->emplace(entry.key, &entry);
  count_table();
  return entry;
}

void NamedCache::begin_taking() {
  for (Entry* entry = changed_.first(); entry != nullptr; entry = ChangeList::after(*entry)) {
    entry->state = State::leaving;
  }
  leaving_.append(changed_);
}

std::vector<CacheChange> NamedCache::take_changes() {
  std::vector<CacheChange> changes;
  for (std::size_t bytes = 0; bytes < kBatchBytes && !leaving_.empty();) {
    Entry& entry = *leaving_.first();
    bytes += entry.bytes;
    leaving_.remove(entry);
    // The value is copied, not moved: the clean entry goes on answering reads.
    entry.state = State::clean;
    changes.push_back({entry.key, entry.value, std::exchange(entry.context, {})});
    if (entry.value) {
      count(entry);
    } else {
      remove(entry);
    }
  }
  return changes;
}

bool NamedCache::make_room() {
  while (budget_.exceeded() && !used_.empty()) {
    Entry& eldest = *used_.first();
    if (eldest.state != State::clean) return false;
    remove(eldest);
  }
  return true;
}

void NamedCache::remove(Entry& entry) {
  // Frees the entry at the end of this function, after all references to it are gone.
  const std::unique_ptr<Entry> owned(&entry);
  used_.remove(entry);
  by_key_.erase(&entry);
  if (index_) index_->erase(entry.key);
  add_bytes(0, entry.bytes);
}

void NamedCache::count(Entry& entry) {
  add_bytes(allocated(sizeof(Entry)) + heap_bytes(entry.key) + heap_bytes(entry.value) + heap_bytes(entry.context) +
                (index_ ? kIndexBytes : 0),
            entry.bytes);
}

// The table's memory changes only when it grows, but counting it is cheap enough to do for each new entry.
void NamedCache::count_table() { add_bytes(by_key_.bucket_count() * kBucketBytes, table_bytes_); }

void NamedCache::add_bytes(std::size_t now, std::size_t& before) {
  // Unsigned arithmetic wraps around, so this is right when `now` is smaller too.
  budget_.used_ += now - before;
  before = now;
}

void NamedCache::tidy() {
  if (!index_used_ && index_) {
    index_.reset();
    // Without an index each entry holds less memory.
    for (Entry* entry : by_key_) count(*entry);
  }
  index_used_ = false;
}

const NamedCache::Index& NamedCache::index() {
  index_used_ = true;
  if (!index_) {
    index_.emplace();
    for (Entry* entry : by_key_) {
      index_->emplace(entry->key, entry);
      count(*entry);
    }
  }
  return *index_;
}

std::vector<std::string> NamedCache::keys(BytesView from, BytesView to, bool to_inclusive) {
  std::vector<std::string> keys;
  const Index& sorted = index();
  for (auto at = from ? sorted.lower_bound(*from) : sorted.begin(); at != sorted.end(); ++at) {
    if (to && (to_inclusive ? at->first > *to : at->first >= *to)) break;
    keys.emplace_back(at->first);
  }
  return keys;
}

std::optional<std::string_view> NamedCache::first_from(std::string_view key) {
  const Index& sorted = index();
  const auto at = sorted.lower_bound(key);
  if (at == sorted.end()) return std::nullopt;
  return at->first;
}

}  // namespace millrace::detail
