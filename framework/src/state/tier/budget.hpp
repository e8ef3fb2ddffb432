#pragma once

#include <cstddef>
#include <vector>

namespace millrace::detail {

/// A memory tier that can give memory back by forgetting what RocksDB has too.
class EvictableTier {
 public:
  virtual ~EvictableTier() = default;

  /// Bytes that this tier holds.
  [[nodiscard]] virtual std::size_t tier_bytes() const = 0;

  /// Forgets the oldest part of what is committed. Returns the bytes that this freed; 0: nothing can go now.
  virtual std::size_t evict() = 0;
};

/// The byte budget that the memory tiers of one database share. One thread.
class TierBudget {
 public:
  explicit TierBudget(std::size_t limit) : limit_(limit), threshold_(limit) {}

  void add(EvictableTier& tier) { tiers_.push_back(&tier); }
  void remove(EvictableTier& tier);

  [[nodiscard]] std::size_t limit() const { return limit_; }
  /// Takes effect with the next reclaim().
  void set_limit(std::size_t limit) { limit_ = threshold_ = limit; }
  [[nodiscard]] std::size_t used() const { return used_ > 0 ? static_cast<std::size_t>(used_) : 0; }

  /// Tells that tiers hold so many bytes more (or, negative, less).
  void charge(std::ptrdiff_t bytes) { used_ += bytes; }
  [[nodiscard]] bool exceeded() const { return used_ > static_cast<std::ptrdiff_t>(threshold_); }

  /// Evicts from the largest tier that can give, until the budget is met or only uncommitted entries are left.
  void reclaim();

  /// Uncommitted entries became committed: what was stuck can go now.
  void committed() { threshold_ = limit_; }

 private:
  std::size_t limit_;
  // Raised while uncommitted entries alone exceed the limit, so that not every put looks in vain for what can go.
  std::size_t threshold_;
  std::ptrdiff_t used_ = 0;
  std::vector<EvictableTier*> tiers_;
};

}  // namespace millrace::detail
