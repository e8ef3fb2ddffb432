// SPDX-License-Identifier: Apache-2.0
#include "millrace/processor/detail/node_timer.hpp"

#include <algorithm>

#include "millrace/processor/detail/node.hpp"

namespace millrace::detail {

std::optional<NodeTimer::Slowest> NodeTimer::slowest() const {
  const auto by_time = [](const auto& left, const auto& right) { return left.second < right.second; };
  const auto found = std::max_element(spent_.begin(), spent_.end(), by_time);
  if (found == spent_.end()) return std::nullopt;
  return Slowest{found->first->name(), Millis(found->second / 1'000'000)};
}

void NodeTimer::enter(const NodeBase& node) {
  look();
  stays_.push_back(&node);
}

void NodeTimer::leave() {
  look();
  stays_.pop_back();
}

void NodeTimer::look() {
  const std::int64_t now = clock_.nanos();
  if (!stays_.empty()) spent_[stays_.back()] += now - looked_at_;
  looked_at_ = now;
}

}  // namespace millrace::detail
