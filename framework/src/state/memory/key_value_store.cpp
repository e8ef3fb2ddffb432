// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "state/byte_ranges.hpp"
#include "state/open_walks.hpp"
#include "stores.hpp"

namespace millrace::detail {

namespace {

/// A sorted map. Kafka Streams uses a `TreeMap` in the same place. Used by the thread of the task alone; global stores
/// lock around it.
class InMemoryKeyValueStore final : public KeyValueBytesStore, public ClearableStore {
  class Walk;

 public:
  explicit InMemoryKeyValueStore(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool persistent() const override { return false; }

  [[nodiscard]] BytesView get(std::string_view key) override {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    // Valid until the entry is written or erased. std::map does not move its nodes, so other writes do not matter.
    return std::string_view(found->second);
  }

  void put(std::string_view key, BytesView value) override {
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
      if (!value) return;
      // Tell the iterators: a key inserted ahead of one must stay invisible to it.
      const auto inserted = entries_.emplace(key, *value).first;
      walks_.each([&](Walk& walk) { walk.inserted(inserted); });
    } else if (value) {
      // Iterators need no notice: they show the present value.
      found->second.assign(*value);
    } else {
      // Tell the iterators before the erase, while the entry is still readable.
      walks_.each([&](Walk& walk) { walk.before_erase(found); });
      entries_.erase(found);
    }
  }

  [[nodiscard]] std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward) override {
    // `to` is inclusive, but an iterator's upper bound is exclusive. `to + '\0'` is the smallest key after `to`.
    return std::make_unique<Walk>(*this, owned(from),
                                  to ? std::optional<std::string>(std::string(*to) + '\0') : std::nullopt, forward);
  }

  [[nodiscard]] std::unique_ptr<BytesIterator> prefix_scan(std::string_view prefix) override {
    return std::make_unique<Walk>(*this, std::string(prefix), end_of_prefix(prefix), true);
  }

  [[nodiscard]] std::uint64_t approximate_num_entries() override { return entries_.size(); }

  void restore(std::span<const RestoreRecord> records) override {
    for (const RestoreRecord& record : records) put(record.key, record.value);
  }
  void clear() override {
    // First, while the iterators' positions are still valid.
    walks_.close();
    entries_.clear();
  }

 private:
  using Entries = std::map<std::string, std::string, std::less<>>;

  /// Shows the keys that existed when the iteration began and still exist, with their present values. Java's in-memory
  /// store does the same: it iterates over a copy of the keys.
  ///
  /// Copying all keys is slow. So the iterator first reads the map directly. When a key ahead of it is inserted or
  /// erased, it copies the keys that are still ahead, and continues with the copy.
  class Walk final : public BytesIterator {
   public:
    /// Keys from `lower` (inclusive) to `upper` (exclusive); nullopt: open.
    Walk(InMemoryKeyValueStore& store, std::optional<std::string> lower, std::optional<std::string> upper, bool forward)
        : store_(&store), lower_(std::move(lower)), upper_(std::move(upper)), forward_(forward) {
      const Entries& entries = store_->entries_;
      if (lower_ && upper_ && *lower_ >= *upper_) {
        stand_on(entries.end());
      } else if (forward_) {
        stand_on(lower_ ? entries.lower_bound(*lower_) : entries.begin());
      } else {
        // Backward starts at the last key before the exclusive upper bound.
        stand_on(step(upper_ ? entries.lower_bound(*upper_) : entries.end()));
      }
      store_->walks_.add(*this);
    }
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;
    ~Walk() override {
      if (store_ != nullptr) store_->walks_.remove(*this);
    }

    [[nodiscard]] bool valid() override {
      if (keys_) {
        // Skip keys that were erased since they were copied.
        while (!ended_ && !store_->entries_.contains((*keys_)[next_key_])) step_key();
      } else {
        erased_.reset();  // the erased entry is passed: at_ already points to the entry after it
      }
      return !ended_;
    }
    void next() override {
      if (ended_) return;
      if (keys_) {
        step_key();
        // The current entry was erased, and at_ already points to the next one.
      } else if (erased_) {
        erased_.reset();
      } else {
        stand_on(step(at_));
      }
    }
    [[nodiscard]] std::string_view key() const override { return keys_ ? (*keys_)[next_key_] : at_->first; }
    // REQUIRES: valid() has just returned true. It has skipped copied keys that no longer exist.
    [[nodiscard]] std::string_view value() const override {
      return keys_ ? store_->entries_.find((*keys_)[next_key_])->second : at_->second;
    }

    /// The store has inserted an entry.
    void inserted(Entries::const_iterator entry) {
      // A copy of keys does not change. An iterator at its end stays there, unless its last key was only just erased.
      if (keys_ || (ended_ && !erased_)) return;
      // The current key was erased and inserted again: the iterator is back on it.
      if (erased_ == entry->first) {
        stand_on(entry);
        erased_.reset();
      } else if (is_ahead(entry->first)) {
        copy_keys(entry);
      }
    }
    /// The store is about to erase an entry.
    void before_erase(Entries::const_iterator entry) {
      // With copied keys, valid() finds out by itself that a key is gone.
      if (keys_ || ended_) return;
      if (entry == at_ && !erased_) {
        // Keep the key, in case it is inserted again before the iterator moves on.
        erased_ = entry->first;
        stand_on(step(at_));
      } else if (is_ahead(entry->first)) {
        // The erased key stays in the copy: if it is inserted again, the iteration shows it, as in Java.
        copy_keys(store_->entries_.end());
      }
    }
    /// The store is being destroyed: show no more entries.
    void close() {
      ended_ = true;
      keys_.reset();
      erased_.reset();
      store_ = nullptr;
    }

   private:
    /// The entry after `at` in the direction of iteration. end() in both directions if there is none.
    [[nodiscard]] Entries::const_iterator step(Entries::const_iterator at) const {
      if (forward_) return std::next(at);
      return at == store_->entries_.begin() ? store_->entries_.end() : std::prev(at);
    }
    void stand_on(Entries::const_iterator entry) {
      ended_ = is_end(entry);
      at_ = ended_ ? store_->entries_.end() : entry;
    }
    [[nodiscard]] bool is_end(Entries::const_iterator at) const {
      if (at == store_->entries_.end()) return true;
      return forward_ ? upper_ && at->first >= *upper_ : lower_ && at->first < *lower_;
    }
    /// True if the iterator has not reached `key` yet, and `key` is within its bounds.
    [[nodiscard]] bool is_ahead(const std::string& key) const {
      const std::string& here = erased_ ? *erased_ : at_->first;
      return forward_ ? key > here && (!upper_ || key < *upper_) : key < here && (!lower_ || key >= *lower_);
    }
    void step_key() { ended_ = ++next_key_ == keys_->size(); }

    /// Switches to a copy of the keys ahead. `without` is left out, because the iteration must not show it.
    void copy_keys(Entries::const_iterator without) {
      std::vector<std::string> keys;
      // The current key was erased. It comes first, in case it is inserted again.
      if (erased_) keys.push_back(*std::exchange(erased_, std::nullopt));
      for (; !is_end(at_); at_ = step(at_)) {
        if (at_ != without) keys.push_back(at_->first);
      }
      keys_ = std::move(keys);
      ended_ = keys_->empty();
    }

    InMemoryKeyValueStore* store_;  // null: closed
    std::optional<std::string> lower_;
    std::optional<std::string> upper_;
    bool forward_;
    Entries::const_iterator at_;
    std::optional<std::string> erased_;             // the current key, if it was erased; at_ is then the entry after it
    std::optional<std::vector<std::string>> keys_;  // copied keys, in the order of iteration; if set, at_ is not used
    std::size_t next_key_ = 0;                      // index into *keys_
    bool ended_ = false;
  };

  std::string name_;
  Entries entries_;
  OpenWalks<Walk> walks_;
};

}  // namespace

std::unique_ptr<KeyValueBytesStore> make_in_memory_key_value_store(const std::string& name) {
  return std::make_unique<InMemoryKeyValueStore>(name);
}

}  // namespace millrace::detail
