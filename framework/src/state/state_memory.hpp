// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

#include "task_database.hpp"

namespace rocksdb {
class Cache;
}

namespace millrace::detail {

/// The memory that all task databases of one application share. The limits are those of DatabaseOptions, in bytes.
///
/// In-memory tiers  A database may use all bytes that the others did not use at their last commits. It may always use
///                  its equal share. So a busy task gets almost everything while the other tasks are idle.
/// Block cache      One cache for all databases.
/// Write buffers    Each database has an equal share, but at least 1 MB (or the whole limit, if that is smaller).
///
/// Owned jointly by its Members. Threads: any.
class StateMemory {
 public:
  /// Bytes. A smaller write buffer would make RocksDB flush tiny files.
  static constexpr std::size_t kLeastWriteBuffer = 1u << 20;

  explicit StateMemory(const DatabaseOptions& budgets);

  /// The bytes that one database may use until its next report().
  struct Allowance {
    std::size_t tier_bytes;
    std::size_t write_buffer_bytes;
  };

  /// One database's share. Lives as long as the database; its destruction gives the share back to the others.
  class Member {
   public:
    explicit Member(std::shared_ptr<StateMemory> memory);
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    ~Member();

    /// Reports the bytes that the database's in-memory tiers hold now. Returns how many they may hold.
    [[nodiscard]] Allowance report(std::size_t tier_bytes_used);

    [[nodiscard]] StateMemory& memory() const { return *memory_; }

   private:
    std::shared_ptr<StateMemory> memory_;
  };

  [[nodiscard]] const DatabaseOptions& budgets() const { return budgets_; }
  [[nodiscard]] const std::shared_ptr<rocksdb::Cache>& block_cache() const { return block_cache_; }

 private:
  DatabaseOptions budgets_;  // fixed for the lifetime
  std::shared_ptr<rocksdb::Cache> block_cache_;
  std::mutex mutex_;
  std::map<const Member*, std::size_t> used_;  // bytes in the tiers of each database, at its last report
  std::size_t all_used_ = 0;                   // the sum of used_
};

}  // namespace millrace::detail
