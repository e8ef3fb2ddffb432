// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/ownership.hpp"

#include <algorithm>

#include "runtime/thread/client_configs.hpp"

namespace millrace::detail {

bool same_generation(const ConsumerGroupMetadata& a, const ConsumerGroupMetadata& b) {
  return a.member_id() == b.member_id() && a.generation_id() == b.generation_id();
}

void Ownership::described(const ConsumerGroupMetadata& at, const ConsumerGroupDescription& description) {
  ++descriptions_;
  group_ = Group::unknown;
  others_.clear();
  if (at.member_id().empty() || std::ranges::find(description.members, at.member_id(), &MemberDescription::member_id) ==
                                    description.members.end()) {
    return;
  }
  std::vector<MemberDescription> strangers;
  for (const MemberDescription& member : description.members) {
    const auto plan = plan_of(member.client_id);
    if (!plan) strangers.push_back(member);
    if (plan && *plan != plan_) others_.push_back(member);
  }
  group_ = !strangers.empty() ? Group::stranger : others_.empty() ? Group::alike : Group::mixed;
  if (!strangers.empty()) {
    others_ = std::move(strangers);
    return;
  }
  // The group removed this member in between, and it joined again with a new id. Its tasks must start again before it
  // may commit, so the new membership does not count as verified.
  if (verified_ && verified_->member_id() != at.member_id()) return;
  if (verified_ && same_generation(*verified_, at)) return;
  verified_ = at;
  ++epoch_;
}

void Ownership::rebalanced() {
  group_ = Group::unknown;
  others_.clear();
}

void Ownership::forget() {
  rebalanced();
  verified_.reset();
  ++epoch_;
}

Ownership::Opening Ownership::opening(bool mine) const {
  switch (group_) {
    case Group::alike: return mine ? Opening::run : Opening::claim;
    case Group::mixed: return mine ? Opening::run : Opening::wait;
    case Group::unknown:
    case Group::stranger: break;
  }
  return Opening::wait;
}

Ownership::Commit Ownership::commit(const ConsumerGroupMetadata& present) const {
  if (present.member_id().empty()) return Commit::outside;
  if (verified_ && verified_->member_id() != present.member_id()) return Commit::outside;
  if (group_ == Group::stranger) return Commit::refused;
  return verified_ && same_generation(*verified_, present) ? Commit::go : Commit::describe;
}

}  // namespace millrace::detail
