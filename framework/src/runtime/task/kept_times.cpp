// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/kept_times.hpp"

#include <algorithm>
#include <utility>

namespace millrace::detail {

void KeptTimes::resume(const ProcessorMetadata& committed) {
  for (const auto& [name, time] : committed) {
    Timestamp& known = committed_.emplace(name, time).first->second;
    known = std::max(known, time);
  }
}

void KeptTimes::keep(std::string name, std::string owner, Timestamp& time) {
  const auto taken = [&](const std::string& candidate) {
    return std::ranges::find(kept_, candidate, &Kept::name) != kept_.end();
  };
  if (taken(name)) {
    int number = 2;
    while (taken(name + std::to_string(number))) ++number;
    name += std::to_string(number);
  }
  const auto found = committed_.find(name);
  const Timestamp committed = found == committed_.end() ? kNoTimestamp : found->second;
  time = std::max(time, committed);
  kept_.push_back({std::move(name), std::move(owner), &time, committed});
}

bool KeptTimes::changed() const {
  return std::ranges::any_of(kept_, [](const Kept& kept) { return *kept.time > kept.committed; });
}

KeptTimes::Shares KeptTimes::shares(std::size_t partitions) const {
  Shares result;
  std::vector<std::size_t> free;  // bytes that a share has left
  const auto open_share = [&] {
    result.shares.emplace_back();
    free.push_back(kProcessorMetadataBytes);
  };
  open_share();
  const auto place = [&](const std::string& name, Timestamp time) {
    const std::size_t size = processor_metadata_bytes(name);
    std::size_t share = 0;
    while (share < free.size() && free[share] < size) ++share;
    if (share == free.size() && share < partitions && size <= kProcessorMetadataBytes) open_share();
    if (share == free.size()) return false;
    free[share] -= size;
    result.shares[share].emplace(name, time);
    return true;
  };
  ProcessorMetadata others = committed_;
  for (const Kept& kept : kept_) {
    others.erase(kept.name);
    if (*kept.time < 0) continue;  // the owner has seen no time yet
    if (!place(kept.name, *kept.time) && !kept.owner.empty()) result.left_out.push_back(kept.owner);
  }
  // Last, because no operator of this version needs these times.
  for (const auto& [name, time] : others) (void)place(name, time);
  return result;
}

void KeptTimes::committed() {
  for (Kept& kept : kept_) {
    kept.committed = *kept.time;
    if (*kept.time >= 0) committed_[kept.name] = *kept.time;
  }
}

}  // namespace millrace::detail
