// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/assignor.hpp"

#include <algorithm>
#include <optional>

namespace millrace::detail::embedded {
namespace {

/// The number of partitions of one topic.
std::ptrdiff_t count_of(const std::set<TopicPartition>& partitions, const std::string& topic) {
  return std::count_if(partitions.begin(), partitions.end(), [&](const auto& p) { return p.topic == topic; });
}

/// A partition that can move from `from` to `to`, or nullopt. Chooses the topic of which `from` has the largest surplus
/// over `to`. So each topic is spread over the members, and not only the total.
std::optional<TopicPartition> movable(const std::set<TopicPartition>& from, const std::set<TopicPartition>& to,
                                      const std::set<std::string>& wanted) {
  std::optional<TopicPartition> best;
  std::ptrdiff_t best_difference = 0;
  for (const std::string& topic : wanted) {
    const std::ptrdiff_t has = count_of(from, topic);
    const std::ptrdiff_t difference = has - count_of(to, topic);
    if (has == 0 || (best && difference <= best_difference)) continue;
    best_difference = difference;
    best = *std::find_if(from.rbegin(), from.rend(), [&](const auto& p) { return p.topic == topic; });
  }
  return best;
}

}  // namespace

Assignment assign_sticky(const std::vector<AssignorMember>& members,
                         const std::map<std::string, std::int32_t>& partition_counts) {
  Assignment assignment(members.size());
  std::vector<TopicPartition> free;
  // 1. Every partition stays with its owner. Partitions without an owner are collected.
  for (const auto& [topic, count] : partition_counts) {
    for (std::int32_t partition = 0; partition < count; ++partition) {
      TopicPartition candidate{topic, partition};
      const auto owner = std::find_if(members.begin(), members.end(), [&](const AssignorMember& member) {
        return member.topics.contains(candidate.topic) && member.owned.contains(candidate);
      });
      if (owner == members.end()) {
        free.push_back(std::move(candidate));
      } else {
        assignment[static_cast<std::size_t>(owner - members.begin())].insert(std::move(candidate));
      }
    }
  }
  // 2. Each free partition goes to the subscribed member with the fewest partitions.
  for (TopicPartition& partition : free) {
    std::optional<std::size_t> emptiest;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (!members[i].topics.contains(partition.topic)) continue;
      if (!emptiest || assignment[i].size() < assignment[*emptiest].size()) emptiest = i;
    }
    if (emptiest) assignment[*emptiest].insert(std::move(partition));
  }

  // 3. Single partitions move until the balance is reached. Each move reduces the imbalance, so the loop ends.
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t from = 0; from < members.size() && !moved; ++from) {
      for (std::size_t to = 0; to < members.size() && !moved; ++to) {
        if (assignment[from].size() < assignment[to].size() + 2) continue;
        const auto partition = movable(assignment[from], assignment[to], members[to].topics);
        if (!partition) continue;
        assignment[from].erase(*partition);
        assignment[to].insert(*partition);
        moved = true;
      }
    }
  }
  return assignment;
}

Assignment assign_range(const std::vector<AssignorMember>& members,
                        const std::map<std::string, std::int32_t>& partition_counts) {
  Assignment assignment(members.size());
  for (const auto& [topic, count] : partition_counts) {
    std::vector<std::size_t> subscribed;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i].topics.contains(topic)) subscribed.push_back(i);
    }
    if (subscribed.empty()) continue;
    const auto n = static_cast<std::int32_t>(subscribed.size());
    std::int32_t partition = 0;
    for (std::int32_t i = 0; i < n; ++i) {
      // The first members take one partition more if the division leaves a rest.
      const std::int32_t share = count / n + (i < count % n ? 1 : 0);
      for (std::int32_t end = partition + share; partition < end; ++partition) {
        assignment[subscribed[static_cast<std::size_t>(i)]].insert({topic, partition});
      }
    }
  }
  return assignment;
}

}  // namespace millrace::detail::embedded
