// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

namespace millrace::detail {

/// Lets threads other than the owner read a database, until the owner closes it. (Kafka Streams: stores that throw
/// `InvalidStateStoreException` after a rebalance.)
///
/// Readers hold the gate open for one call each. close() refuses new calls, waits for the calls inside, and ends the
/// iterators that are still open, because RocksDB must not be closed while an iterator exists.
///
/// Shared by the database and its readers. A reader may outlive the database; it then finds the gate closed.
class ReaderGate {
 public:
  /// A RocksDB iterator that lives longer than one call. It must be destroyed before the database.
  class Walk {
   public:
    virtual ~Walk() = default;
    /// Destroys the iterator. Called while the gate is closed: no call of any reader is in progress.
    virtual void end() = 0;
  };

  ReaderGate(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* meta, std::filesystem::path directory)
      : db_(db), meta_(meta), directory_(std::move(directory)) {}

  /// The database stays open while a Visit exists. The constructor throws ProcessorStateException if the gate is
  /// closed. The message names `store`. Keep a Visit short: it delays the closing of the database.
  class Visit {
   public:
    Visit(const ReaderGate& gate, const std::string& store);

   private:
    std::shared_lock<std::shared_mutex> lock_;
  };

  // REQUIRES for these three: a Visit.
  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() const { return meta_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  /// REQUIRES: a Visit.
  void add(Walk& walk);
  /// Calls `last` while the database cannot close, unless close() has ended the iterator before. Called by the
  /// iterator's destructor, which must not throw, so this does not check whether the gate is closed.
  template <class Last>
  void remove(Walk& walk, Last&& last) {
    const std::shared_lock lock(mutex_);
    if (forget(walk)) last();
  }

  /// Called by the owner before it closes the database. Waits for the calls in progress. Later calls are refused.
  void close();

 private:
  /// Removes the iterator from the list. False: close() has removed it before.
  bool forget(Walk& walk);

  rocksdb::DB* db_;
  rocksdb::ColumnFamilyHandle* meta_;
  std::filesystem::path directory_;
  mutable std::shared_mutex mutex_;  // held shared during each call of a reader, and alone by close()
  // Tested before the lock is taken, and after. Before: a steady stream of readers must not keep close() from getting
  // the lock. After: close() may have run in between.
  std::atomic<bool> closed_{false};
  // Guards walks_. Lock order: mutex_ first.
  std::mutex walks_mutex_;
  std::vector<Walk*> walks_;
};

}  // namespace millrace::detail
