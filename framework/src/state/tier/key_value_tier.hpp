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

/// The memory tier of a key-value store: entries by key, the uncommitted ones and, as far as the budget goes, the last
/// used committed ones. "This key does not exist" is an entry too (value nullopt).
class KeyValueTier final : public EvictableTier {
 public:
  struct Entry {
    std::string key;
    std::optional<std::string> value;
    bool dirty = false;
  };
  using Entries = std::list<Entry>;
  /// The uncommitted entries by key.
  using DirtyIndex = std::map<std::string_view, const Entry*>;

  explicit KeyValueTier(TierBudget& budget) : budget_(budget) {
    by_key_.max_load_factor(0.8f);
    budget_.add(*this);
  }
  ~KeyValueTier() override { budget_.remove(*this); }

  /// The entry, marked as just used; nullptr: not known here.
  [[nodiscard]] const Entry* find(std::string_view key);

  /// Remembers what RocksDB answered. The result lives until the next call of a method that may evict.
  const Entry& remember(std::string_view key, BytesView value);

  /// RocksDB's answer for this key has changed. REQUIRES: the key is not dirty.
  void refresh(std::string_view key, BytesView value);

  /// An uncommitted write.
  void write(std::string_view key, BytesView value);

  [[nodiscard]] const Entries& dirty() const { return dirty_; }
  [[nodiscard]] std::size_t dirty_bytes() const { return dirty_bytes_; }

  /// Built by the first scan after a commit that calls it, kept up to date until the next commit.
  [[nodiscard]] const DirtyIndex& dirty_index();

  void committed();
  void discard();
  void clear();

  [[nodiscard]] std::size_t tier_bytes() const override { return bytes_; }
  std::size_t evict() override;

 private:
  [[nodiscard]] static std::size_t size_of(const Entry& entry);
  void charge(std::ptrdiff_t bytes);
  /// Returns by how many bytes the entry has grown.
  std::ptrdiff_t assign(Entry& entry, BytesView value);
  void erase(Entries& list, Entries::iterator entry);

  TierBudget& budget_;
  // The map's keys are views of the entries' own.
  tsl::robin_map<std::string_view, Entries::iterator> by_key_;
  Entries clean_;  // last used first
  Entries dirty_;  // in the order of their first write
  std::optional<DirtyIndex> index_;
  std::size_t bytes_ = 0;
  std::size_t dirty_bytes_ = 0;
};

}  // namespace millrace::detail
