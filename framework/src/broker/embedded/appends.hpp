#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "broker/embedded/partition_log.hpp"
#include "broker/embedded/storage.hpp"

namespace millrace::detail::embedded {

/// Keeps the newest pages of all partitions in memory, so that a reader that keeps up never touches the disk.
/// Guarded by the broker's mutex.
class TailCache {
 public:
  explicit TailCache(std::size_t budget_bytes) : budget_(budget_bytes) {}

  /// Over budget, the oldest pages go.
  void add(PartitionLog& log, PagePtr page);
  /// Forgets pages that end before `offset`.
  void remove_before(PartitionLog& log, std::int64_t offset);
  /// Forgets a partition that is being deleted.
  void remove(PartitionLog& log);

 private:
  std::size_t budget_;
  std::size_t bytes_ = 0;
  std::deque<PartitionLog*> order_;  ///< one entry per page, oldest first
};

/// Batches and bookkeeping that reach the disk in one atomic write and are visible to readers after it.
/// Lives while the broker's mutex is held.
class Appends {
 public:
  Appends(Storage& storage, TailCache& tail) : changes_(storage), tail_(tail) {}
  /// Without a commit(), nothing happened.
  ~Appends();
  Appends(const Appends&) = delete;
  Appends& operator=(const Appends&) = delete;

  /// Gives the batch the next offsets of the partition and returns the first of them.
  std::int64_t add(PartitionLog& log, std::string batch);
  /// Bookkeeping that goes with it.
  [[nodiscard]] Storage::Changes& changes() { return changes_; }

  /// Writes and publishes; wakes the consumers of the partitions.
  void commit();

 private:
  Storage::Changes changes_;
  TailCache& tail_;
  std::vector<std::pair<PartitionLog*, PagePtr>> staged_;
};

}  // namespace millrace::detail::embedded
