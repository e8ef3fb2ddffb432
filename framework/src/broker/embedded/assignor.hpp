#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "millrace/broker/topic_partition.hpp"

namespace millrace::detail::embedded {

/// What an assignor knows of a group member.
struct AssignorMember {
  std::set<std::string> topics;    ///< existing topics that it subscribes to
  std::set<TopicPartition> owned;  ///< what it has now, and keeps if the balance allows
};

using Assignment = std::vector<std::set<TopicPartition>>;  ///< one per member, in the order given

/// As many partitions as possible stay where they are; no member has two more than another that could take one.
[[nodiscard]] Assignment assign_sticky(const std::vector<AssignorMember>& members,
                                       const std::map<std::string, std::int32_t>& partition_counts);

/// Per topic, consecutive ranges of partitions in member order (Kafka's `range`).
[[nodiscard]] Assignment assign_range(const std::vector<AssignorMember>& members,
                                      const std::map<std::string, std::int32_t>& partition_counts);

}  // namespace millrace::detail::embedded
