// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tsl/robin_map.h>

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "budget.hpp"
#include "millrace/common/bytes.hpp"

namespace millrace::detail {

/// The in-memory tier of a key-value store. It holds all uncommitted ("dirty") entries, and the most recently used
/// committed ("clean") entries within the budget. An entry without a value means "this key does not exist": that saves
/// a lookup in RocksDB too.
///
/// Invariant: an entry is in exactly one of the two lists, and by_key_ has it. A clean entry has RocksDB's value. Owned
/// by its store; one thread. `budget` must outlive it.
class KeyValueTier final : public EvictableTier {
 public:
  struct Entry {
    std::string key;
    std::optional<std::string> value;  ///< nullopt: the key does not exist
    bool dirty = false;                ///< not committed yet
  };
  using Entries = std::list<Entry>;
  /// The uncommitted entries sorted by key. The keys are views of the entries' keys.
  using DirtyIndex = std::map<std::string_view, const Entry*>;

  explicit KeyValueTier(TierBudget& budget) : budget_(budget) {
    by_key_.max_load_factor(0.8f);
    budget_.add(*this);
  }
  ~KeyValueTier() override { budget_.remove(*this); }

  /// Finds the entry and marks it as used last. nullptr: this tier does not know the key; ask RocksDB.
  [[nodiscard]] const Entry* find(std::string_view key);

  /// Adds RocksDB's answer for a key. The result is valid until the next call that may evict or erase entries.
  /// REQUIRES: the tier does not know the key.
  const Entry& remember(std::string_view key, BytesView value);

  /// RocksDB's value of this key has changed. Does nothing if the tier does not know the key. REQUIRES: the entry is
  /// not dirty.
  void refresh(std::string_view key, BytesView value);

  /// Writes a value that is not committed yet; nullopt deletes the key.
  void write(std::string_view key, BytesView value);

  /// In the order of each entry's first write since the last commit.
  [[nodiscard]] const Entries& dirty() const { return dirty_; }
  [[nodiscard]] std::size_t dirty_bytes() const { return dirty_bytes_; }

  /// The first call after a commit builds the index. write() then keeps it up to date until the next commit.
  [[nodiscard]] const DirtyIndex& dirty_index();

  /// All dirty entries are in RocksDB now. They become clean.
  void committed();
  /// Forgets all dirty entries, because their transaction was aborted.
  void discard();
  /// Forgets everything.
  void clear();

  [[nodiscard]] std::size_t tier_bytes() const override { return bytes_; }
  std::size_t evict() override;

 private:
  [[nodiscard]] static std::size_t size_of(const Entry& entry);
  /// Adds to the tier's own count and to the shared budget.
  void charge(std::ptrdiff_t bytes);
  /// Sets the value. Returns by how many bytes the entry has grown (negative: shrunk).
  std::ptrdiff_t assign(Entry& entry, BytesView value);
  /// Frees the entry. discard(), which erases dirty entries, resets dirty_bytes_ and the index afterwards.
  void erase(Entries& list, Entries::iterator entry);

  TierBudget& budget_;
  // The keys are views of the keys in the lists. List nodes do not move, so the views stay valid.
  tsl::robin_map<std::string_view, Entries::iterator> by_key_;
  Entries clean_;                    // most recently used first
  Entries dirty_;                    // in the order of their first write
  std::optional<DirtyIndex> index_;  // set: someone has iterated since the last commit
  std::size_t bytes_ = 0;            // of all entries, with overhead
  std::size_t dirty_bytes_ = 0;      // of the dirty entries, with overhead
};

}  // namespace millrace::detail
