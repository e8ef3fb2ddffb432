// SPDX-License-Identifier: Apache-2.0
#include "state_memory.hpp"

#include <rocksdb/cache.h>

#include <algorithm>
#include <utility>

namespace millrace::detail {

// One shard: the cache is small, and shards would divide it unevenly.
StateMemory::StateMemory(const DatabaseOptions& budgets)
    : budgets_(budgets), block_cache_(rocksdb::NewLRUCache(budgets.block_cache_bytes, /*num_shard_bits=*/0)) {}

StateMemory::Member::Member(std::shared_ptr<StateMemory> memory) : memory_(std::move(memory)) {
  const std::lock_guard lock(memory_->mutex_);
  memory_->used_.emplace(this, 0);
}

StateMemory::Member::~Member() {
  const std::lock_guard lock(memory_->mutex_);
  const auto own = memory_->used_.find(this);
  memory_->all_used_ -= own->second;
  memory_->used_.erase(own);
}

StateMemory::Allowance StateMemory::Member::report(std::size_t tier_bytes_used) {
  const DatabaseOptions& all = memory_->budgets_;
  // Called at each commit of a database, by the thread of its task.
  const std::lock_guard lock(memory_->mutex_);
  std::size_t& own = memory_->used_.at(this);
  memory_->all_used_ += tier_bytes_used - own;
  own = tier_bytes_used;
  const std::size_t databases = memory_->used_.size();
  const std::size_t others = memory_->all_used_ - own;
  // The others may hold more than the budget for a moment: uncommitted entries are never evicted.
  const std::size_t left = all.tier_bytes > others ? all.tier_bytes - others : 0;
  return {std::max(left, all.tier_bytes / databases),
          std::max(all.write_buffer_bytes / databases, std::min(all.write_buffer_bytes, kLeastWriteBuffer))};
}

}  // namespace millrace::detail
