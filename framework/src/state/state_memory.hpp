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

/// The memory that the databases of one application share: the budgets of DatabaseOptions, counted over all of them.
///
/// Memory tiers    A database may use what the others left free at their last commits, and its equal share at least:
///                 a busy task has almost everything while the others are idle.
/// Block cache     One for all.
/// Write buffers   Each database has an equal share, but 1 MB at least (if there is so much).
///
/// Threads: any.
class StateMemory {
 public:
  static constexpr std::size_t kLeastWriteBuffer = 1u << 20;

  explicit StateMemory(const DatabaseOptions& budgets);

  /// What one database may use until it asks again.
  struct Allowance {
    std::size_t tier_bytes;
    std::size_t write_buffer_bytes;
  };

  /// The membership of one database.
  class Member {
   public:
    explicit Member(std::shared_ptr<StateMemory> memory);
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    ~Member();

    /// Tells how much its memory tiers hold; returns what they may.
    [[nodiscard]] Allowance report(std::size_t tier_bytes_used);

    [[nodiscard]] StateMemory& memory() const { return *memory_; }

   private:
    std::shared_ptr<StateMemory> memory_;
  };

  [[nodiscard]] const DatabaseOptions& budgets() const { return budgets_; }
  [[nodiscard]] const std::shared_ptr<rocksdb::Cache>& block_cache() const { return block_cache_; }

 private:
  DatabaseOptions budgets_;
  std::shared_ptr<rocksdb::Cache> block_cache_;
  std::mutex mutex_;
  std::map<const Member*, std::size_t> used_;  // by the tiers of each
  std::size_t all_used_ = 0;
};

}  // namespace millrace::detail
