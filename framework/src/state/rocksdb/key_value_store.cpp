// SPDX-License-Identifier: Apache-2.0
#include "key_value_store.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "state/byte_ranges.hpp"

namespace millrace::detail {

/// Merges the uncommitted entries with those in RocksDB. If both have a key, the uncommitted entry is used. An
/// uncommitted deletion hides the stored entry.
///
/// Shows the store as it was when the iteration began. RocksDB's iterator is a snapshot by itself. The uncommitted
/// entries are not, so the iterator copies those still ahead of it before the first of them changes. Without such a
/// write, nothing is copied.
class PersistentKeyValueStore::Iterator final : public BytesIterator {
 public:
  /// Keys from `lower` (inclusive) to `upper` (exclusive); nullopt: open.
  Iterator(PersistentKeyValueStore& store, std::optional<std::string> lower, std::optional<std::string> upper,
           bool forward)
      : store_(&store), lower_(std::move(lower)), upper_(std::move(upper)), forward_(forward) {
    // Registers last: if open() or settle() throws, the destructor does not run.
    open();
    settle();
    store_->walks_.add(*this);
  }
  Iterator(const Iterator&) = delete;
  Iterator& operator=(const Iterator&) = delete;
  ~Iterator() override {
    if (store_ != nullptr) store_->walks_.remove(*this);
  }

  [[nodiscard]] bool valid() override { return valid_; }
  [[nodiscard]] std::string_view key() const override { return key_; }
  [[nodiscard]] std::string_view value() const override {
    // A view of RocksDB's value is valid until its iterator moves. An uncommitted value may have been saved by
    // before_write().
    if (!at_dirty_) return view(rocks_->value());
    return kept_value_ ? *kept_value_ : *dirty().value;
  }

  void next() override {
    if (!valid_) return;  // the store has closed
    kept_value_.reset();
    at_dirty_ ? step_dirty() : step_rocks();
    settle();
  }

  /// The store calls this before it changes or makes the uncommitted entry of `key`.
  void before_write(std::string_view key) {
    if (kept_ || !valid_) return;
    // The current entry: keep its value. An entry ahead: copy all that are ahead. An entry behind does not matter.
    const int order = key.compare(key_);
    if (order == 0) {
      if (at_dirty_ && !kept_value_) kept_value_ = dirty().value;
    } else if ((order > 0) == forward_ && !beyond_end(key)) {
      keep();
    }
  }

  /// Copies the uncommitted entries ahead. After this call the iteration needs no uncommitted entry of the store.
  void keep() {
    if (kept_ || !valid_) return;
    std::vector<KeyValueTier::Entry> ahead;
    for (; dirty_valid_; step_dirty()) ahead.push_back(dirty());
    kept_ = std::move(ahead);
    dirty_valid_ = !kept_->empty();
  }

  /// The database is closing: show no more entries.
  void close() {
    rocks_.reset();
    valid_ = false;
    store_ = nullptr;
  }

 private:
  // Positions both sources at the first entry of the range.
  void open() {
    rocksdb::ReadOptions options;
    // RocksDB keeps pointers to the bounds, so they are members.
    if (lower_) {
      lower_slice_ = *lower_;
      options.iterate_lower_bound = &lower_slice_;
    }
    if (upper_) {
      upper_slice_ = *upper_;
      options.iterate_upper_bound = &upper_slice_;
    }
    rocks_.reset(store_->place_.db->NewIterator(options, store_->place_.family));
    forward_ ? rocks_->SeekToFirst() : rocks_->SeekToLast();

    // The index stays valid while this iterator uses it: before a commit or discard frees the index, keep() copies.
    index_ = &store_->tier_.dirty_index();
    // An inverted range is empty. RocksDB gets the same bounds and finds nothing either.
    dirty_valid_ = !(lower_ && upper_ && *lower_ >= *upper_);
    if (forward_) {
      dirty_ = lower_ ? index_->lower_bound(*lower_) : index_->begin();
      dirty_valid_ = dirty_valid_ && dirty_ != index_->end();
    } else {
      dirty_ = upper_ ? index_->lower_bound(*upper_) : index_->end();
      dirty_valid_ = dirty_valid_ && dirty_ != index_->begin();
      if (dirty_valid_) --dirty_;
    }
    if (dirty_valid_ && beyond_end(dirty_->first)) dirty_valid_ = false;
  }

  /// True if `key` is past the last key of the range, in the direction of iteration.
  [[nodiscard]] bool beyond_end(std::string_view key) const {
    return forward_ ? upper_ && key >= *upper_ : lower_ && key < *lower_;
  }

  /// The next uncommitted entry in the order of iteration. REQUIRES: dirty_valid_.
  [[nodiscard]] const KeyValueTier::Entry& dirty() const { return kept_ ? (*kept_)[next_kept_] : *dirty_->second; }

  // Moves to the next uncommitted entry, in the index or in the copies.
  void step_dirty() {
    if (kept_) {
      dirty_valid_ = ++next_kept_ < kept_->size();
      return;
    }
    if (forward_) {
      dirty_valid_ = ++dirty_ != index_->end();
    } else if (dirty_ == index_->begin()) {
      dirty_valid_ = false;
    } else {
      --dirty_;
    }
    if (dirty_valid_ && beyond_end(dirty_->first)) dirty_valid_ = false;
  }

  void step_rocks() { forward_ ? rocks_->Next() : rocks_->Prev(); }

  // Moves to the next entry that exists, from the present positions of both sources.
  void settle() {
    for (;;) {
      const bool rocks_valid = rocks_->Valid();
      if (!rocks_valid) check(rocks_->status(), "walk over", store_->name_, store_->place_.directory);
      valid_ = rocks_valid || dirty_valid_;
      if (!valid_) return;
      if (rocks_valid && dirty_valid_) {
        const int order = view(rocks_->key()).compare(dirty().key);
        // The uncommitted entry replaces the stored one.
        if (order == 0) {
          step_rocks();
          continue;
        }
        at_dirty_ = forward_ ? order > 0 : order < 0;
      } else {
        at_dirty_ = dirty_valid_;
      }
      // An uncommitted deletion.
      if (at_dirty_ && !dirty().value) {
        step_dirty();
        continue;
      }
      key_.assign(at_dirty_ ? std::string_view(dirty().key) : view(rocks_->key()));
      return;
    }
  }

  PersistentKeyValueStore* store_;  // null: closed
  std::optional<std::string> lower_;
  std::optional<std::string> upper_;
  rocksdb::Slice lower_slice_;
  rocksdb::Slice upper_slice_;
  bool forward_;
  std::unique_ptr<rocksdb::Iterator> rocks_;
  const KeyValueTier::DirtyIndex* index_ = nullptr;  // the tier's index of uncommitted entries
  KeyValueTier::DirtyIndex::const_iterator dirty_;
  // Copies of the entries ahead, in the order of iteration. If set, the index is not used.
  std::optional<std::vector<KeyValueTier::Entry>> kept_;
  std::size_t next_kept_ = 0;
  bool dirty_valid_ = false;  // dirty() exists
  bool at_dirty_ = false;     // the present entry is uncommitted
  bool valid_ = false;
  std::string key_;  // a copy, because before_write() compares with it after RocksDB's view is gone
  std::optional<std::string> kept_value_;  // the value of the present uncommitted entry, if the entry has changed since
};

PersistentKeyValueStore::PersistentKeyValueStore(Registry& registry, StorePlace place, std::string name)
    : DatabaseStore(registry, std::move(place)), name_(std::move(name)), tier_(*place_.budget) {}

BytesView PersistentKeyValueStore::get(std::string_view key) {
  // The tier knows the key, perhaps as missing.
  if (const auto* entry = tier_.find(key)) {
    if (!entry->value) return std::nullopt;
    return std::string_view(*entry->value);
  }
  // Make room now: the entry added below must stay valid for the caller.
  if (place_.budget->exceeded()) place_.budget->reclaim();
  large_value_.Reset();
  // Remember also that a key does not exist: joins and aggregations often look for new keys.
  const auto status = place_.db->Get({}, place_.family, slice(key), &large_value_);
  if (!status.ok() && !status.IsNotFound()) check(status, "read from", name_, place_.directory);
  // A value above an eighth of the budget would push out too many other entries. Do not put it into the tier.
  if (status.ok() && large_value_.size() > place_.budget->limit() / 8) return view(large_value_);
  const auto& entry = tier_.remember(key, status.ok() ? BytesView(view(large_value_)) : std::nullopt);
  large_value_.Reset();
  if (!entry.value) return std::nullopt;
  return std::string_view(*entry.value);
}

PersistentKeyValueStore::~PersistentKeyValueStore() = default;

void PersistentKeyValueStore::release() { walks_.close(); }

// No RocksDB read: the tier takes the new value without the old one.
void PersistentKeyValueStore::put(std::string_view key, BytesView value) {
  walks_.each([&](Iterator& walk) { walk.before_write(key); });
  tier_.write(key, value);
  if (place_.budget->exceeded()) place_.budget->reclaim();
}

std::unique_ptr<BytesIterator> PersistentKeyValueStore::range(BytesView from, BytesView to, bool forward) {
  // `to` is inclusive. `to + '\0'` is the smallest key after it, and so the exclusive bound.
  return std::make_unique<Iterator>(*this, owned(from),
                                    to ? std::optional<std::string>(std::string(*to) + '\0') : std::nullopt, forward);
}

std::unique_ptr<BytesIterator> PersistentKeyValueStore::prefix_scan(std::string_view prefix) {
  return std::make_unique<Iterator>(*this, std::string(prefix), end_of_prefix(prefix), true);
}

std::uint64_t PersistentKeyValueStore::approximate_num_entries() {
  // RocksDB's number is an estimate. An uncommitted overwrite is counted twice.
  std::uint64_t in_rocks = 0;
  if (!place_.db->GetIntProperty(place_.family, rocksdb::DB::Properties::kEstimateNumKeys, &in_rocks)) in_rocks = 0;
  return in_rocks + tier_.dirty().size();
}

// Writes a batch of changelog records directly to RocksDB, in one sorted write.
void PersistentKeyValueStore::restore(std::span<const RestoreRecord> records) {
  if (records.empty()) return;
  if (!tier_.dirty().empty()) {
    // A write before this restore is not committed yet. Keep the order: let the restored records overwrite it in
    // memory.
    for (const RestoreRecord& record : records) put(record.key, record.value);
    return;
  }
  // Sort as RocksDB does, and write only the last record of each key.
  std::vector<std::pair<std::uint64_t, const RestoreRecord*>> changes;
  changes.reserve(records.size());
  SortPrefix prefix;
  for (const RestoreRecord& record : records) prefix.add(record.key);
  for (const RestoreRecord& record : records) changes.emplace_back(prefix.of(record.key), &record);
  std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    const auto order = a.second->key <=> b.second->key;
    // Pointers into `records` compare in the order of arrival.
    return order != 0 ? order < 0 : a.second < b.second;
  });
  rocksdb::WriteBatch batch;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    // Only the last record of a key counts; its predecessors are the neighbours before it.
    const RestoreRecord& record = *changes[i].second;
    if (i + 1 < changes.size() && changes[i + 1].second->key == record.key) continue;
    const auto status = record.value ? batch.Put(place_.family, slice(record.key), slice(*record.value))
                                     : batch.Delete(place_.family, slice(record.key));
    check(status, "restore", name_, place_.directory);
  }
  rocksdb::WriteOptions options;
  // The changelog replays what a crash loses, so RocksDB's log is off.
  options.disableWAL = true;
  check(place_.db->Write(options, &batch), "restore", name_, place_.directory);
  if (tier_.tier_bytes() == 0) return;
  // The tier may know older values of these keys.
  for (const RestoreRecord& record : records) tier_.refresh(record.key, record.value);
}

// Called at each commit. Adds only what was written since the last one. Must not change the tier: the write may fail.
void PersistentKeyValueStore::write_to(rocksdb::WriteBatch& batch) {
  std::vector<std::pair<std::uint64_t, const KeyValueTier::Entry*>> changes;
  changes.reserve(tier_.dirty().size());
  SortPrefix prefix;
  for (const auto& entry : tier_.dirty()) prefix.add(entry.key);
  for (const auto& entry : tier_.dirty()) changes.emplace_back(prefix.of(entry.key), &entry);
  // Sort as RocksDB does. Inserting neighbours into a memtable costs a fraction of random inserts.
  std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second->key < b.second->key;
  });
  for (const auto& [number, entry] : changes) {
    const auto status = entry->value ? batch.Put(place_.family, slice(entry->key), slice(*entry->value))
                                     : batch.Delete(place_.family, slice(entry->key));
    check(status, "commit", name_, place_.directory);
  }
}

void PersistentKeyValueStore::committed() {
  // The tier's index of uncommitted entries is freed below, so open iterators copy what they still need.
  walks_.each([](Iterator& walk) { walk.keep(); });
  tier_.committed();
}

void PersistentKeyValueStore::discarded() {
  // As in committed(). Iterators go on showing the store as it was when they began.
  walks_.each([](Iterator& walk) { walk.keep(); });
  tier_.discard();
}

void PersistentKeyValueStore::wiped() {
  walks_.each([](Iterator& walk) { walk.keep(); });
  tier_.clear();
}

}  // namespace millrace::detail
