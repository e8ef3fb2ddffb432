#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

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

/// Throws what the status demands (StateCorruptedException for damage, else ProcessorStateException), saying what was
/// done, on which store (empty: the whole database), where. NotFound counts as an error: check it before.
void check(const rocksdb::Status& status, std::string_view doing, std::string_view store,
           const std::filesystem::path& directory);

[[nodiscard]] inline rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
[[nodiscard]] inline std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

/// The first bytes of a key as a number that orders like them: sorting by it, and by the key only where it is equal, is
/// several times as fast as sorting by the key.
[[nodiscard]] inline std::uint64_t sort_prefix(std::string_view key) {
  if (key.size() >= 8) return formats::load_be64(key.data());
  char padded[8] = {};
  key.copy(padded, key.size());
  return formats::load_be64(padded);
}

class DatabaseStore;

/// Where a store lives: what it needs of its database.
struct StorePlace {
  rocksdb::DB* db = nullptr;
  rocksdb::ColumnFamilyHandle* family = nullptr;
  rocksdb::ColumnFamilyHandle* meta = nullptr;
  std::shared_ptr<TierBudget> budget;
  std::filesystem::path directory;
};

/// The part that a store plays in its database's commits. Stores register with the database in their constructor's
/// caller and leave by themselves when destroyed, unless the database went first.
class DatabaseStore {
 public:
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
  [[nodiscard]] virtual std::size_t uncommitted_bytes() const = 0;

  /// Adds everything uncommitted to the batch, and nothing else happens yet.
  virtual void write_to(rocksdb::WriteBatch& batch) = 0;
  /// The batch is in RocksDB.
  virtual void committed() = 0;
  /// The uncommitted writes never happened.
  virtual void discarded() = 0;
  /// All of the store's data are gone from RocksDB, and so must they be here.
  virtual void wiped() = 0;

  /// The database is closing: let go of everything that refers to it.
  void detach() {
    release();
    registry_ = nullptr;
    place_.db = nullptr;
  }

 protected:
  virtual void release() = 0;

  StorePlace place_;

 private:
  Registry* registry_;
};

}  // namespace millrace::detail
