// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "state/byte_ranges.hpp"
#include "stores.hpp"

namespace millrace::detail {

namespace {

/// Keeps the `max_entries` entries that were used last. A get() counts as a use; an iteration does not. (Kafka Streams:
/// `MemoryLRUCache`.) One thread.
class LruStore final : public KeyValueBytesStore, public EvictingStore, public ClearableStore {
 public:
  LruStore(std::string name, std::size_t max_entries) : name_(std::move(name)), max_entries_(max_entries) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool persistent() const override { return false; }
  void set_eviction_listener(std::function<void(std::string_view)> listener) override {
    listener_ = std::move(listener);
  }

  [[nodiscard]] BytesView get(std::string_view key) override {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    // Moves the list node, so the view of its key in by_key_ stays valid.
    entries_.splice(entries_.begin(), entries_, found->second);
    return std::string_view(found->second->second);
  }

  void put(std::string_view key, BytesView value) override { put(key, value, listener_); }

  [[nodiscard]] std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward) override {
    const auto first = from ? by_key_.lower_bound(*from) : by_key_.begin();
    // `to` is inclusive. An inverted range is empty: the two positions would be in the wrong order.
    const auto last = to ? by_key_.upper_bound(*to) : by_key_.end();
    return snapshot(first, from && to && *from > *to ? first : last, forward);
  }

  [[nodiscard]] std::unique_ptr<BytesIterator> prefix_scan(std::string_view prefix) override {
    const auto end = end_of_prefix(prefix);
    return snapshot(by_key_.lower_bound(prefix), end ? by_key_.lower_bound(*end) : by_key_.end(), true);
  }

  [[nodiscard]] std::uint64_t approximate_num_entries() override { return entries_.size(); }

  // Do not report evictions: the changelog already contains their tombstones.
  void restore(std::span<const RestoreRecord> records) override {
    for (const RestoreRecord& record : records) put(record.key, record.value, {});
  }
  // Without a call of the listener: the changelog still has the entries, and a restore follows.
  void clear() override {
    by_key_.clear();
    entries_.clear();
  }

 private:
  using Entries = std::list<std::pair<std::string, std::string>>;
  using ByKey = std::map<std::string_view, Entries::iterator>;

  /// Iterates over a copy, as the iterators of Java's LRU map do.
  class Snapshot final : public BytesIterator {
   public:
    explicit Snapshot(std::vector<std::pair<std::string, std::string>> entries) : entries_(std::move(entries)) {}
    [[nodiscard]] bool valid() override { return at_ < entries_.size(); }
    void next() override { ++at_; }
    [[nodiscard]] std::string_view key() const override { return entries_[at_].first; }
    [[nodiscard]] std::string_view value() const override { return entries_[at_].second; }

   private:
    std::vector<std::pair<std::string, std::string>> entries_;
    std::size_t at_ = 0;
  };

  std::unique_ptr<BytesIterator> snapshot(ByKey::const_iterator first, ByKey::const_iterator last, bool forward) const {
    std::vector<std::pair<std::string, std::string>> copy;
    for (; first != last; ++first) copy.push_back(*first->second);
    if (!forward) std::reverse(copy.begin(), copy.end());
    return std::make_unique<Snapshot>(std::move(copy));
  }

  /// `evicted` is called with the key that was pushed out, or not at all. It may be empty.
  void put(std::string_view key, BytesView value, const std::function<void(std::string_view)>& evicted) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
      const auto entry = found->second;
      if (value) {
        entry->second.assign(*value);
        entries_.splice(entries_.begin(), entries_, entry);
      } else {
        by_key_.erase(found);
        entries_.erase(entry);
      }
      return;
    }
    // A delete of an unknown key.
    if (!value) return;
    entries_.emplace_front(key, *value);
    by_key_.emplace(entries_.front().first, entries_.begin());
    if (entries_.size() <= max_entries_) return;
    // The key is a view of the entry, so erase the entry last.
    const auto eldest = std::prev(entries_.end());
    by_key_.erase(eldest->first);
    if (evicted) evicted(eldest->first);
    entries_.erase(eldest);
  }

  std::string name_;
  std::size_t max_entries_;
  Entries entries_;  // most recently used first
  ByKey by_key_;     // the keys are views of the keys in entries_
  std::function<void(std::string_view)> listener_;
};

}  // namespace

std::unique_ptr<KeyValueBytesStore> make_in_memory_lru_store(const std::string& name, std::size_t max_entries) {
  return std::make_unique<LruStore>(name, max_entries);
}

}  // namespace millrace::detail
