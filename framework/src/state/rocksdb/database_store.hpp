// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/detail/formats.hpp"
#include "state/tier/budget.hpp"

namespace millrace::detail {

/// Does nothing if the status is ok. Otherwise throws StateCorruptedException for damage, and ProcessorStateException
/// for anything else. The message names the action (`doing`), the store (empty: the whole database) and the directory.
/// NotFound counts as an error, so handle it before the call.
void check(const rocksdb::Status& status, std::string_view doing, std::string_view store,
           const std::filesystem::path& directory);

// Views of bytes in each other's type. Neither copies.
[[nodiscard]] inline rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
[[nodiscard]] inline std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

/// Turns the first 8 bytes in which keys differ into numbers with the same order. Sorting by these numbers, and by the
/// keys only for equal numbers, is several times as fast as sorting by the keys.
class SortPrefix {
 public:
  /// Takes a key into account. Add all keys before the first call of of(). The keys must outlive this object.
  void add(std::string_view key) {
    if (!any_) common_ = key;
    any_ = true;
    if (key.starts_with(common_)) return;
    const auto differs = std::mismatch(common_.begin(), common_.end(), key.begin(), key.end());
    common_ = common_.substr(0, static_cast<std::size_t>(differs.first - common_.begin()));
  }
  /// The number of a key that was added.
  [[nodiscard]] std::uint64_t of(std::string_view key) const {
    key.remove_prefix(common_.size());
    if (key.size() >= 8) return formats::load_be64(key.data());
    char padded[8] = {};
    key.copy(padded, key.size());
    return formats::load_be64(padded);
  }

 private:
  /// What all keys begin with.
  std::string_view common_;
  bool any_ = false;
};

class DatabaseStore;

/// Where a store keeps its data. `db` and the handles belong to the database and are valid until it closes. `meta` is
/// the column family with the meta data (see layout.hpp).
struct StorePlace {
  rocksdb::DB* db = nullptr;
  rocksdb::ColumnFamilyHandle* family = nullptr;
  rocksdb::ColumnFamilyHandle* meta = nullptr;
  std::shared_ptr<TierBudget> budget;  ///< shared, because a store may outlive its database
  std::filesystem::path directory;     ///< of the database, for error messages
};

/// The part of a store that takes part in its database's commits. The database registers a store when it makes one. The
/// store unregisters itself when it is destroyed, unless the database was closed first. One thread.
class DatabaseStore {
 public:
  /// The database's list of its open stores.
  class Registry {
   public:
    virtual ~Registry() = default;
    virtual void forget(DatabaseStore& store) = 0;
  };

  DatabaseStore(Registry& registry, StorePlace place) : place_(std::move(place)), registry_(&registry) {}
  DatabaseStore(const DatabaseStore&) = delete;
  DatabaseStore& operator=(const DatabaseStore&) = delete;
  virtual ~DatabaseStore() {
    if (registry_ != nullptr) registry_->forget(*this);
  }

  [[nodiscard]] virtual const std::string& store_name() const = 0;
  /// Bytes of keys and values written since the last commit. The task commits early if this exceeds
  /// statestore.uncommitted.max.bytes.
  [[nodiscard]] virtual std::size_t uncommitted_bytes() const = 0;

  /// Adds everything uncommitted to the batch. Must not change the store: the write may still fail.
  virtual void write_to(rocksdb::WriteBatch& batch) = 0;
  /// The batch is in RocksDB now. Called for all stores after the one write that has the data of all of them.
  virtual void committed() = 0;
  /// Forget the uncommitted writes: the transaction was aborted.
  virtual void discarded() = 0;
  /// RocksDB has no data of this store any more. Forget everything in memory too.
  virtual void wiped() = 0;

  /// The database is closing. After this call the store may only be destroyed.
  void detach() {
    release();
    registry_ = nullptr;
    place_.db = nullptr;
  }

 protected:
  /// Releases RocksDB iterators and other objects of the database.
  virtual void release() = 0;

  StorePlace place_;

 private:
  Registry* registry_;  // null: the database is closed
};

}  // namespace millrace::detail
