// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/groups.hpp"

#include <regex.h>

#include <algorithm>
#include <memory>

#include "broker/embedded/assignor.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail::embedded {
namespace {

/// Bytes. Kafka's default of offset.metadata.max.bytes.
constexpr std::size_t kLongestMetadata = 4096;

/// Wakes a member, or makes its next poll() look for work.
void signal(Member& member) {
  member.attention = true;
  member.waiter->signal();
}

}  // namespace

// Patterns are POSIX extended regular expressions, because librdkafka uses them too. Both brokers then match the same
// topics.
bool subscription_matches(const std::string& subscription, const std::string& topic) {
  if (!subscription.starts_with('^')) return subscription == topic;
  regex_t expression;
  if (const int error = ::regcomp(&expression, subscription.c_str(), REG_EXTENDED | REG_NOSUB); error != 0) {
    char text[256];
    ::regerror(error, &expression, text, sizeof text);
    throw BrokerException(BrokerException::Severity::fatal,
                          "topic pattern '" + subscription + "' is not a POSIX extended regular expression: " + text);
  }
  const bool matches = ::regexec(&expression, topic.c_str(), 0, nullptr, 0) == 0;
  ::regfree(&expression);
  return matches;
}

Groups::Groups(Storage& storage, Topics& topics) : storage_(storage), topics_(topics) { reload(); }

void Groups::reload() {
  std::map<std::string, std::map<TopicPartition, OffsetAndMetadata>> stored;
  storage_.for_each("G", [&](std::string_view key, std::string_view value) {
    auto [group, partition] = format::parse_group_offset_key(key);
    stored[group][std::move(partition)] = format::decode_group_offset(value);
  });
  for (auto& [id, group] : groups_) group.offsets.clear();
  for (auto& [id, offsets] : stored) groups_[id].offsets = std::move(offsets);
}

std::shared_ptr<Member> Groups::join(const std::string& group, std::vector<std::string> topics,
                                     const ConsumerSettings& settings, Waiter& waiter, SteadyTime now) {
  for (const std::string& topic : topics) (void)subscription_matches(topic, "");  // throws before the member joins
  auto member = std::make_shared<Member>();
  member->id = next_member_id_++;
  member->topics = std::move(topics);
  member->client_id = settings.client_id;
  member->range_assignor = settings.range_assignor;
  member->max_poll_interval = settings.max_poll_interval;
  member->waiter = &waiter;
  member->last_poll = now;
  Group& joined = groups_[group];
  // Ids ascend, so the members are in the order in which they joined. The assignors depend on a stable order.
  joined.members.emplace(member->id, member);
  rebalance(joined);
  return member;
}

void Groups::change_topics(const std::string& group, Member& member, std::vector<std::string> topics) {
  for (const std::string& topic : topics) (void)subscription_matches(topic, "");
  member.topics = std::move(topics);
  // An evicted member joins again with its new topics in its next poll().
  if (!member.evicted) rebalance(groups_[group]);
}

void Groups::leave(const std::string& group, Member& member) {
  // An evicted member is not in the group any more.
  if (member.evicted) return;
  Group& left = groups_[group];
  // Its partitions have no owner now. The next steps of the other members take them.
  left.members.erase(member.id);
  if (!left.members.empty()) rebalance(left);
}

std::set<std::string> Groups::subscribed_topics(const Member& member) const {
  std::set<std::string> found;
  for (const std::string& subscription : member.topics) {
    if (!subscription.starts_with('^')) {
      if (topics_.find(subscription)) found.insert(subscription);
      continue;
    }
    for (const auto& [name, topic] : topics_.all()) {
      if (subscription_matches(subscription, name)) found.insert(name);
    }
  }
  return found;
}

void Groups::rebalance(Group& group) {
  std::vector<AssignorMember> members;
  std::map<std::string, std::int32_t> partition_counts;
  bool range = !group.members.empty();
  for (const auto& [id, member] : group.members) {
    AssignorMember& known = members.emplace_back();
    known.topics = subscribed_topics(*member);
    // What the member has now, not its last target: a partition that it does not own yet need not stay with it.
    known.owned = member->owned;
    for (const std::string& topic : known.topics) partition_counts[topic] = topics_.get(topic)->partition_count();
    // `range` is used only if all members ask for it. All other strategies are treated as sticky.
    range = range && member->range_assignor;
  }
  const Assignment assignment =
      range ? assign_range(members, partition_counts) : assign_sticky(members, partition_counts);
  // A new generation even if no target changed: transactional commits with older metadata are refused from now on.
  ++group.generation;
  std::size_t i = 0;
  for (const auto& [id, member] : group.members) member->target = assignment[i++];
  call_all(group);
}

void Groups::call_all(Group& group) {
  for (const auto& [id, member] : group.members) signal(*member);
}

RebalanceStep Groups::next_step(const std::string& group, Member& member) {
  member.attention = false;
  if (member.evicted) {
    // The member learns once what it lost. The consumer then joins again.
    RebalanceStep lost{RebalanceStep::Kind::lost, {member.owned.begin(), member.owned.end()}};
    member.owned.clear();
    return lost;
  }
  Group& own = groups_[group];
  // The member is in the new generation from the first step on, as in Kafka. So a commit of the listener during the
  // revoke step is accepted.
  member.generation = own.generation;
  // First step: give up what is not in the target.
  RebalanceStep revoke{RebalanceStep::Kind::revoke, {}};
  std::set_difference(member.owned.begin(), member.owned.end(), member.target.begin(), member.target.end(),
                      std::back_inserter(revoke.partitions));
  if (!revoke.partitions.empty()) return revoke;

  // Second step: take what is in the target and has no owner. Partitions of other members are taken later, after their
  // owners gave them up.
  RebalanceStep assign{RebalanceStep::Kind::assign, {}};
  for (const TopicPartition& wanted : member.target) {
    if (member.owned.contains(wanted)) continue;
    const bool taken = std::any_of(own.members.begin(), own.members.end(), [&](const auto& other) {
      return other.second.get() != &member && other.second->owned.contains(wanted);
    });
    if (!taken) assign.partitions.push_back(wanted);
  }
  // Even an empty step is reported once per generation, so that the listener hears of each rebalance.
  const bool heard = member.heard == own.generation;
  if (heard && assign.partitions.empty()) return {};
  member.heard = own.generation;
  // Owned before the listener hears of it, so that no other member can take it in between.
  member.owned.insert(assign.partitions.begin(), assign.partitions.end());
  return assign;
}

void Groups::revoked(const std::string& group, Member& member, const std::vector<TopicPartition>& partitions) {
  for (const TopicPartition& partition : partitions) member.owned.erase(partition);
  // Other members may wait for these partitions. This member itself may have partitions to take.
  call_all(groups_[group]);
  member.attention = true;
}

void Groups::expire(SteadyTime now) {
  for (auto& [name, group] : groups_) {
    // Removes all late members first and rebalances once.
    const std::size_t before = group.members.size();
    for (auto it = group.members.begin(); it != group.members.end();) {
      Member& member = *it->second;
      if (member.waiting || now - member.last_poll <= member.max_poll_interval) {
        ++it;
        continue;
      }
      log(LogLevel::warn, "embedded broker: a member of group '" + name + "' did not poll for " +
                              std::to_string(member.max_poll_interval.count()) +
                              " ms (max.poll.interval.ms) and lost its partitions");
      member.evicted = true;
      signal(member);
      it = group.members.erase(it);
    }
    if (group.members.size() != before && !group.members.empty()) rebalance(group);
  }
}

void Groups::topics_changed(const std::string& topic) {
  const bool exists = topics_.find(topic) != nullptr;
  for (auto& [name, group] : groups_) {
    // A deleted topic leaves the targets; a new one is distributed.
    const bool concerned = std::any_of(group.members.begin(), group.members.end(), [&](const auto& member) {
      const auto& wanted = member.second->topics;
      return std::any_of(wanted.begin(), wanted.end(), [&](const auto& t) { return subscription_matches(t, topic); });
    });
    if (concerned) rebalance(group);
    if (exists) continue;
    // A new topic with the same name must not inherit the offsets.
    Storage::Changes changes(storage_);
    for (auto it = group.offsets.begin(); it != group.offsets.end();) {
      if (it->first.topic != topic) {
        ++it;
        continue;
      }
      changes.erase(format::group_offset_key(name, it->first));
      it = group.offsets.erase(it);
    }
    changes.write();
  }
}

ConsumerGroupDescription Groups::describe(const std::string& group) const {
  const auto found = groups_.find(group);
  if (found == groups_.end()) return {"Dead", {}};
  ConsumerGroupDescription description{found->second.members.empty() ? "Empty" : "Stable", {}};
  for (const auto& [id, member] : found->second.members) {
    if (member->generation != found->second.generation || member->owned != member->target) {
      description.state = "PreparingRebalance";
    }
    description.members.push_back(
        {std::to_string(id), member->client_id, "embedded", {member->owned.begin(), member->owned.end()}});
  }
  return description;
}

void Groups::check_commit(const std::string& group, const Member* member) const {
  const auto found = groups_.find(group);
  if (member != nullptr) {
    if (!member->evicted && found != groups_.end() && found->second.generation != member->generation) {
      throw BrokerException(BrokerException::Severity::retriable,
                            "group '" + group + "': offsets refused, the group is rebalancing; poll() and try again");
    }
    if (!member->evicted) return;
    throw BrokerException(BrokerException::Severity::fenced,
                          "group '" + group +
                              "': offsets refused, this consumer is not a member any more (it did not "
                              "poll within max.poll.interval.ms); poll() to join again");
  }
  // A program outside the group, for example a tool, may commit only while the group has no members. Kafka has the same
  // rule.
  if (found == groups_.end() || found->second.members.empty()) return;
  throw BrokerException(BrokerException::Severity::fenced,
                        "group '" + group +
                            "': offsets refused, the group has members and this consumer is none; "
                            "subscribe() to join it or use another group.id");
}

void Groups::check_metadata(const std::string& group, const MemberMetadata* metadata) const {
  // A bare group id.
  if (metadata == nullptr) return;
  const auto found = groups_.find(group);
  const bool known = found != groups_.end() && found->second.members.contains(metadata->member_id);
  if (!known) {
    throw BrokerException(BrokerException::Severity::abortable,
                          "group '" + group +
                              "': offsets refused, the consumer is not a member any more; abort the "
                              "transaction");
  }
  if (found->second.generation != metadata->generation) {
    throw BrokerException(BrokerException::Severity::abortable,
                          "group '" + group +
                              "': offsets refused, the group rebalanced since the metadata was taken; "
                              "abort the transaction and take group_metadata() again");
  }
}

void Groups::check_offsets(const std::map<TopicPartition, OffsetAndMetadata>& offsets) const {
  for (const auto& [partition, offset] : offsets) {
    // Throws if the partition does not exist.
    (void)topics_.get(partition);
    if (offset.metadata.size() <= kLongestMetadata) continue;
    throw BrokerException(BrokerException::Severity::fatal,
                          "the metadata committed with the offset of " + partition.str() + " has " +
                              std::to_string(offset.metadata.size()) + " bytes; " + std::to_string(kLongestMetadata) +
                              " are allowed, as in Kafka (offset.metadata.max.bytes)");
  }
}

void Groups::commit(const std::string& group, const std::map<TopicPartition, OffsetAndMetadata>& offsets) {
  check_offsets(offsets);
  Storage::Changes changes(storage_);
  for (const auto& [partition, offset] : offsets) {
    changes.put(format::group_offset_key(group, partition), format::encode(offset));
  }
  // Memory changes only after the write. So a failed commit leaves the old offsets in place.
  changes.write();
  Group& own = groups_[group];
  for (const auto& [partition, offset] : offsets) own.offsets[partition] = offset;
}

std::map<TopicPartition, OffsetAndMetadata> Groups::offsets(const std::string& group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? std::map<TopicPartition, OffsetAndMetadata>{} : found->second.offsets;
}

std::optional<OffsetAndMetadata> Groups::committed(const std::string& group, const TopicPartition& partition) const {
  const auto found = groups_.find(group);
  if (found == groups_.end()) return std::nullopt;
  const auto offset = found->second.offsets.find(partition);
  return offset == found->second.offsets.end() ? std::nullopt : std::optional(offset->second);
}

void Groups::add_pending(const std::string& group, ProducerId producer_id,
                         const std::map<TopicPartition, OffsetAndMetadata>& offsets) {
  check_offsets(offsets);
  // Only in memory: a crash aborts the transaction, and its offsets with it.
  auto& pending = groups_[group].pending[producer_id];
  for (const auto& [partition, offset] : offsets) pending[partition] = offset;
}

bool Groups::is_pending(const std::string& group, const TopicPartition& partition) const {
  const auto found = groups_.find(group);
  if (found == groups_.end()) return false;
  return std::any_of(found->second.pending.begin(), found->second.pending.end(),
                     [&](const auto& pending) { return pending.second.contains(partition); });
}

void Groups::stage_pending(ProducerId producer_id, Storage::Changes& changes) const {
  for (const auto& [name, group] : groups_) {
    const auto pending = group.pending.find(producer_id);
    if (pending == group.pending.end()) continue;
    for (const auto& [partition, offset] : pending->second) {
      // The topic may have been deleted since the offset was added.
      if (topics_.find(partition.topic)) changes.put(format::group_offset_key(name, partition), format::encode(offset));
    }
  }
}

void Groups::end_pending(ProducerId producer_id, bool commit) {
  for (auto& [name, group] : groups_) {
    const auto pending = group.pending.find(producer_id);
    if (pending == group.pending.end()) continue;
    if (commit) {
      for (auto& [partition, offset] : pending->second) {
        if (topics_.find(partition.topic)) group.offsets[partition] = std::move(offset);
      }
    }
    group.pending.erase(pending);
    // Members may wait for the offset before they can start to read.
    call_all(group);
  }
  pending_ended_.notify_all();
}

}  // namespace millrace::detail::embedded
