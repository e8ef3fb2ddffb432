// SPDX-License-Identifier: Apache-2.0
#include "budget.hpp"

#include <algorithm>

namespace millrace::detail {

void TierBudget::remove(EvictableTier& tier) {
  // The tier's bytes no longer count against the budget.
  charge(-static_cast<std::ptrdiff_t>(tier.tier_bytes()));
  std::erase(tiers_, &tier);
}

void TierBudget::reclaim() {
  // The tiers report the bytes that they free through charge().
  // Take from the largest tier first. A tier that can free nothing now is not asked again.
  std::vector<EvictableTier*> candidates = tiers_;
  while (used_ > static_cast<std::ptrdiff_t>(limit_) && !candidates.empty()) {
    const auto largest = std::max_element(candidates.begin(), candidates.end(),
                                          [](auto* a, auto* b) { return a->tier_bytes() < b->tier_bytes(); });
    if ((*largest)->evict() == 0) candidates.erase(largest);
  }
  const auto used = static_cast<std::size_t>(std::max<std::ptrdiff_t>(used_, 0));
  // If uncommitted entries alone exceed the limit, wait for another sixteenth of it before the next try.
  threshold_ = used > limit_ ? used + limit_ / 16 : limit_;
}

}  // namespace millrace::detail
