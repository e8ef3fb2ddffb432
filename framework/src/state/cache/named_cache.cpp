#include "named_cache.hpp"

#include <utility>

namespace millrace::detail {

namespace {

// As Java counts: the node's three references, the dirty mark.
constexpr std::size_t kEntryBytes = 24 + 1;

}  // namespace

NamedCache::NamedCache(CacheBudget& budget, const RecordContextHolder& contexts, Flush flush,
                       std::size_t value_extra_bytes)
    : budget_(budget), contexts_(contexts), flush_(std::move(flush)), value_extra_bytes_(value_extra_bytes) {}

NamedCache::~NamedCache() { budget_.used_ -= bytes_; }

/// Makes the budget follow the cache's size, but only at its own end: what a flush does to other caches is decided
/// with the sizes from before it, and a call that comes back to this cache meanwhile is counted here once more. Both as
/// in Java, where it decides which entries leave.
class NamedCache::Accounting {
 public:
  explicit Accounting(NamedCache& cache) : cache_(cache), before_(cache.bytes_) {}
  ~Accounting() { cache_.budget_.used_ += cache_.bytes_ - before_; }
  Accounting(const Accounting&) = delete;
  Accounting& operator=(const Accounting&) = delete;

 private:
  NamedCache& cache_;
  std::int64_t before_;
};

const NamedCache::Entry* NamedCache::get(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &*found->second;
}

void NamedCache::put(std::string_view key, BytesView value) {
  put_dirty(key, value);
  evict_over_budget();
}

void NamedCache::put_dirty(std::string_view key, BytesView value) {
  const Accounting accounting(*this);
  Entry& entry = place(key);
  if (value) {
    if (entry.value) {
      entry.value->assign(*value);  // works for a view of the old value, too
    } else {
      entry.value.emplace(*value);
    }
  } else {
    entry.value.reset();
  }
  contexts_.keep(entry.context);
  if (entry.dirty) {
    dirty_.splice(dirty_.end(), dirty_, entry.dirty_place);
  } else {
    entry.dirty = true;
    entry.dirty_place = dirty_.insert(dirty_.end(), entries_.begin());
  }
  counted(entry);
}

void NamedCache::put_clean(std::string_view key, std::string_view value) {
  {
    const Accounting accounting(*this);
    Entry& entry = place(key);
    entry.value.emplace(value);
    entry.context = {};
    entry.context.topic.emplace();
    counted(entry);
  }
  evict_over_budget();
}

/// The key's entry, new or old, as the last used one.
NamedCache::Entry& NamedCache::place(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    const Place entry = found->second;
    if (entry->flushing == 0) {
      entries_.splice(entries_.begin(), entries_, entry);
      return *entry;
    }
    // A flush that is under way still has to hand out the entry as it is.
    const std::string own_key(key);
    remove(entry);
    entries_.emplace_front();
    entries_.front().key = own_key;
  } else {
    entries_.emplace_front();
    entries_.front().key.assign(key);
  }
  by_key_.emplace(entries_.front().key, entries_.begin());
  if (index_) index_->emplace(entries_.front().key, entries_.begin());
  return entries_.front();
}

void NamedCache::counted(Entry& entry) {
  const std::size_t value = entry.value ? entry.value->size() + value_extra_bytes_ : 0;
  const auto bytes = static_cast<std::int64_t>(entry.key.size() + kEntryBytes + value + entry.context.counted_bytes());
  bytes_ += bytes - entry.bytes;
  entry.bytes = bytes;
}

void NamedCache::evict_over_budget() {
  while (budget_.exceeded() && !entries_.empty()) evict();
}

void NamedCache::evict() {
  const Accounting accounting(*this);
  const Place eldest = std::prev(entries_.end());
  if (!eldest->dirty) {
    remove(eldest);
    return;
  }
  std::vector<Place> batch{eldest};
  dirty_.erase(eldest->dirty_place);
  eldest->dirty = false;
  ++eldest->flushing;
  remove(eldest);
  for (const Place entry : take_dirty()) batch.push_back(entry);
  hand_out(batch);
}

/// Out of the cache, and away unless a flush still needs it.
void NamedCache::remove(Place entry) {
  bytes_ -= entry->bytes;
  entry->bytes = 0;
  if (entry->dirty) {
    dirty_.erase(entry->dirty_place);
    entry->dirty = false;
  }
  by_key_.erase(entry->key);
  if (index_) index_->erase(entry->key);
  if (entry->flushing > 0) {
    gone_.splice(gone_.end(), entries_, entry);
  } else {
    entries_.erase(entry);
  }
}

void NamedCache::flush() {
  if (!dirty_.empty()) {
    const Accounting accounting(*this);
    hand_out(take_dirty());
  }
  if (!index_used_) index_.reset();
  index_used_ = false;
}

std::vector<NamedCache::Place> NamedCache::take_dirty() {
  std::vector<Place> batch(dirty_.begin(), dirty_.end());
  dirty_.clear();
  for (const Place entry : batch) {
    entry->dirty = false;
    ++entry->flushing;
  }
  return batch;
}

void NamedCache::hand_out(const std::vector<Place>& batch) {
  ++flushes_;
  for (const Place entry : batch) flush_(*entry);
  --flushes_;
  for (const Place entry : batch) {
    --entry->flushing;
    if (entry->value) continue;
    // By key: who read it before its delete got below may have brought the old value back.
    const auto found = by_key_.find(entry->key);
    if (found != by_key_.end() && !found->second->dirty) remove(found->second);
  }
  if (flushes_ == 0) gone_.clear();
}

const std::map<std::string_view, NamedCache::Place>& NamedCache::index() {
  index_used_ = true;
  if (!index_) {
    index_.emplace();
    for (Place entry = entries_.begin(); entry != entries_.end(); ++entry) index_->emplace(entry->key, entry);
  }
  return *index_;
}

std::vector<std::string> NamedCache::keys(BytesView from, BytesView to, bool to_inclusive) {
  std::vector<std::string> keys;
  const auto& sorted = index();
  for (auto at = from ? sorted.lower_bound(*from) : sorted.begin(); at != sorted.end(); ++at) {
    if (to && (to_inclusive ? at->first > *to : at->first >= *to)) break;
    keys.emplace_back(at->first);
  }
  return keys;
}

std::optional<std::string_view> NamedCache::first_from(std::string_view key) {
  const auto& sorted = index();
  const auto at = sorted.lower_bound(key);
  if (at == sorted.end()) return std::nullopt;
  return at->first;
}

}  // namespace millrace::detail
