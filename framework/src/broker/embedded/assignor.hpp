// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "millrace/broker/topic_partition.hpp"

namespace millrace::detail::embedded {

/// What an assignor needs to know about a group member.
struct AssignorMember {
  std::set<std::string> topics;    ///< existing topics to which the member subscribes
  std::set<TopicPartition> owned;  ///< present partitions; the member keeps them if the balance allows
};

using Assignment = std::vector<std::set<TopicPartition>>;  ///< one set per member, in the order of the members

/// Distributes the partitions evenly and moves as few as possible. No member has two partitions more than another
/// member that could take one of them. (Kafka: the cooperative-sticky assignor; the exact result may differ.)
[[nodiscard]] Assignment assign_sticky(const std::vector<AssignorMember>& members,
                                       const std::map<std::string, std::int32_t>& partition_counts);

/// Gives each member a consecutive range of the partitions of each topic, in member order. (Kafka: the range assignor.)
[[nodiscard]] Assignment assign_range(const std::vector<AssignorMember>& members,
                                      const std::map<std::string, std::int32_t>& partition_counts);

}  // namespace millrace::detail::embedded
