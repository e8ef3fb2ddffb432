#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

namespace millrace::detail {

/// Lets other threads than the owner read a database, until the owner closes it.
///
/// Readers hold the gate open for one call each. close() turns new calls away, waits for those inside, and ends the
/// walks that are still open, because RocksDB must not close under an iterator.
class ReaderGate {
 public:
  /// A RocksDB iterator that lives longer than one call. It must be gone before the database.
  class Walk {
   public:
    virtual ~Walk() = default;
    /// Called with the gate closed: no call of any reader is under way.
    virtual void end() = 0;
  };

  ReaderGate(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* meta, std::filesystem::path directory)
      : db_(db), meta_(meta), directory_(std::move(directory)) {}

  /// While one exists the database stays open. Throws ProcessorStateException naming the store if it is closed.
  class Visit {
   public:
    Visit(const ReaderGate& gate, const std::string& store);

   private:
    std::shared_lock<std::shared_mutex> lock_;
  };

  // REQUIRES: a Visit.
  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() const { return meta_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  /// REQUIRES: a Visit.
  void add(Walk& walk);
  /// Calls `last` while the database can not close, if the walk has not been ended.
  template <class Last>
  void remove(Walk& walk, Last&& last) {
    const std::shared_lock lock(mutex_);
    if (forget(walk)) last();
  }

  /// By the owner, before the database closes.
  void close();

 private:
  /// False: it was not there any more.
  bool forget(Walk& walk);

  rocksdb::DB* db_;
  rocksdb::ColumnFamilyHandle* meta_;
  std::filesystem::path directory_;
  mutable std::shared_mutex mutex_;  // shared: a call is under way
  std::atomic<bool> closed_{false};  // looked at before the lock too, so that a stream of readers cannot keep it
  std::mutex walks_mutex_;           // taken after mutex_
  std::vector<Walk*> walks_;
};

}  // namespace millrace::detail
