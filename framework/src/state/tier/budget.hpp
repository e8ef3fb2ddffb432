// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace millrace::detail {

/// An in-memory tier that can free memory, because RocksDB has its committed entries too. Owned by its store.
class EvictableTier {
 public:
  virtual ~EvictableTier() = default;

  /// The bytes that this tier holds, including overhead per entry.
  [[nodiscard]] virtual std::size_t tier_bytes() const = 0;

  /// Frees the oldest part of the committed entries. Returns the number of bytes freed. 0: nothing can be freed now.
  /// Never frees uncommitted entries: they are nowhere else.
  virtual std::size_t evict() = 0;
};

/// The byte budget that the in-memory tiers of one database share. Owned by the database and its stores; one thread.
class TierBudget {
 public:
  explicit TierBudget(std::size_t limit) : limit_(limit), threshold_(limit) {}

  /// Called by the tier's constructor and destructor.
  void add(EvictableTier& tier) { tiers_.push_back(&tier); }
  /// REQUIRES: the tier was added before.
  void remove(EvictableTier& tier);

  [[nodiscard]] std::size_t limit() const { return limit_; }
  /// In bytes. Takes effect at the next reclaim().
  void set_limit(std::size_t limit) { limit_ = threshold_ = limit; }
  /// In bytes, of all tiers together, uncommitted entries included. May exceed the limit because of them.
  [[nodiscard]] std::size_t used() const { return used_ > 0 ? static_cast<std::size_t>(used_) : 0; }

  /// Records that the tiers hold `bytes` more (negative: less) than before.
  void charge(std::ptrdiff_t bytes) { used_ += bytes; }
  [[nodiscard]] bool exceeded() const { return used_ > static_cast<std::ptrdiff_t>(threshold_); }

  /// Evicts from the largest tiers until the budget is met, or until only uncommitted entries are left.
  void reclaim();

  /// Uncommitted entries have become committed, so a tier may have something to evict again.
  void committed() { threshold_ = limit_; }

 private:
  std::size_t limit_;
  // The value of used_ at which reclaim() is worth a try. It equals the limit, except while uncommitted entries alone
  // exceed the limit: then every put would try in vain.
  std::size_t threshold_;
  std::ptrdiff_t used_ = 0;  // signed, because charges may be negative
  std::vector<EvictableTier*> tiers_;
};

}  // namespace millrace::detail
