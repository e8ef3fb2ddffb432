// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "broker/embedded/partition_log.hpp"
#include "broker/embedded/storage.hpp"

namespace millrace::detail::embedded {

/// Keeps the newest pages of all partitions in memory, within a common budget. A reader that keeps up finds its records
/// here and never reads the disk. Owned by Core. Guarded by the broker's mutex.
class TailCache {
 public:
  explicit TailCache(std::size_t budget_bytes) : budget_(budget_bytes) {}

  /// Adds the newest page of a partition. If the budget is exceeded, drops the oldest pages of all partitions. The
  /// newest page always stays.
  void add(PartitionLog& log, PagePtr page);
  /// Drops the pages of a partition that end before `offset`.
  void remove_before(PartitionLog& log, Offset offset);
  /// Drops all pages of a partition, because it is being deleted.
  void remove(PartitionLog& log);

 private:
  std::size_t budget_;               ///< bytes
  std::size_t bytes_ = 0;            ///< bytes of all pages in memory
  std::deque<PartitionLog*> order_;  ///< one entry per page, oldest first
};

/// Collects batches of several partitions, with bookkeeping, for one atomic write. Readers see the records after
/// commit(). The caller holds the broker's mutex during the whole life of the object.
class Appends {
 public:
  Appends(Storage& storage, TailCache& tail) : changes_(storage), tail_(tail) {}
  /// Without a commit(), gives the offsets back. Nothing was written.
  ~Appends();
  Appends(const Appends&) = delete;
  Appends& operator=(const Appends&) = delete;

  /// Gives the batch the next offsets of the partition and returns the first of them.
  Offset add(PartitionLog& log, std::string batch);
  /// Bookkeeping that is stored in the same write.
  [[nodiscard]] Storage::Changes& changes() { return changes_; }

  /// Writes everything, makes the pages visible, and wakes the consumers of the partitions. If the write throws,
  /// nothing happened.
  void commit();

 private:
  Storage::Changes changes_;
  TailCache& tail_;
  std::vector<std::pair<PartitionLog*, PagePtr>> staged_;  ///< in the order of add()
};

}  // namespace millrace::detail::embedded
