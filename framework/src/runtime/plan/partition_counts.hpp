#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "millrace/broker/admin.hpp"
#include "topology/topology_graph.hpp"

namespace millrace::detail {

/// Which topics the sub-topologies read, patterns looked up, and how many partitions each topic has or is to have.
/// Topic names are the topology's own, without the application's prefix.
/// (Kafka Streams: `RepartitionTopics` and `CopartitionedTopicsEnforcer`.)
class PartitionCounts {
 public:
  /// `existing`: the topics that the cluster has. Only read while this is constructed.
  /// Throws TopologyException for a missing source topic, a topic that two sources would read, a repartition topic
  /// whose number of partitions follows from nothing, and unequal numbers where streams meet.
  PartitionCounts(const TopologyBuilder& topology, const std::string& application_id,
                  const std::vector<TopicDescription>& existing);

  /// By id; `source_topics` with those that match patterns.
  [[nodiscard]] const std::vector<Subtopology>& subtopologies() const { return subtopologies_; }
  [[nodiscard]] std::int32_t of(const std::string& topic) const { return counts_.at(topic); }

 private:
  /// Topics that must have the same number of partitions, and the nodes in which they meet.
  struct Group {
    std::set<std::string> topics;
    std::set<std::string> nodes;
  };

  void find_topics(Subtopology& subtopology, const std::vector<TopicDescription>& existing);
  [[nodiscard]] std::set<std::string> topics_of(const NodeSpec& source,
                                                const std::vector<TopicDescription>& existing) const;
  [[nodiscard]] bool is_own(const std::string& topic) const;
  void settle_repartition_topics();
  [[nodiscard]] std::int32_t largest_upstream(const std::string& topic) const;
  [[nodiscard]] std::vector<Group> copartition_groups() const;
  void align(const Group& group);

  const TopologyBuilder& topology_;
  const std::string& application_id_;
  std::vector<Subtopology> subtopologies_;
  std::map<std::string, std::set<std::string>> topics_of_source_;
  std::map<std::string, const NodeSpec*> reader_of_topic_;
  std::map<std::string, std::int32_t> counts_;
};

}  // namespace millrace::detail
