// SPDX-License-Identifier: Apache-2.0
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

/// Which topics each sub-topology reads, and how many partitions each topic has or will get. Source patterns are
/// resolved to the topics that match now. All topic names are those of the topology, without the application's prefix.
///
/// Order of work: read the counts of existing topics, derive the counts of repartition topics from their inputs, then
/// make the counts of joined topics equal. Everything happens in the constructor. The object does not change
/// afterwards. (Kafka Streams: `RepartitionTopics` and `CopartitionedTopicsEnforcer`.)
class PartitionCounts {
 public:
  /// `existing`: the topics of the cluster; used only during this call. `topology` and `application_id` must outlive
  /// the object.
  ///
  /// Throws TopologyException if
  ///   - a source topic does not exist, or no topic matches a source pattern;
  ///   - two sources would read the same topic;
  ///   - a repartition topic has no input from which its number of partitions follows;
  ///   - topics of one join have different numbers of partitions.
  PartitionCounts(const TopologyBuilder& topology, const std::string& application_id,
                  const std::vector<TopicDescription>& existing);

  /// Sorted by id. `source_topics` includes the topics that match a pattern.
  [[nodiscard]] const std::vector<Subtopology>& subtopologies() const { return subtopologies_; }
  /// The number of partitions. REQUIRES: some sub-topology reads the topic, or it is a repartition topic of this
  /// topology.
  [[nodiscard]] std::int32_t of(const std::string& topic) const { return counts_.at(topic); }

 private:
  /// Topics that must have the same number of partitions, and the nodes in which they meet (joins). The nodes are for
  /// error messages.
  struct Group {
    std::set<std::string> topics;
    std::set<std::string> nodes;
  };

  /// Fills in the source topics of one sub-topology, and the partition counts of those that exist.
  void find_topics(Subtopology& subtopology, const std::vector<TopicDescription>& existing);
  /// The topics that one source reads.
  [[nodiscard]] std::set<std::string> topics_of(const NodeSpec& source,
                                                const std::vector<TopicDescription>& existing) const;
  /// Whether this application created the topic.
  [[nodiscard]] bool is_own(const std::string& topic) const;
  /// Derives the counts of repartition topics that have no fixed number.
  void settle_repartition_topics();
  /// The largest known count among the inputs of all sub-topologies that write to this topic; 0 if none is known yet.
  [[nodiscard]] std::int32_t largest_upstream(const std::string& topic) const;
  /// The groups of the topology. No topic is in two of them.
  [[nodiscard]] std::vector<Group> copartition_groups() const;
  /// Gives all topics of a group the same count.
  void align(const Group& group);

  const TopologyBuilder& topology_;
  const std::string& application_id_;
  std::vector<Subtopology> subtopologies_;
  /// By the name of the source node.
  std::map<std::string, std::set<std::string>> topics_of_source_;
  /// The source that reads a topic. Each topic has only one.
  std::map<std::string, const NodeSpec*> reader_of_topic_;
  /// By topic. A repartition topic is absent or 0 until its count is known.
  std::map<std::string, std::int32_t> counts_;
};

}  // namespace millrace::detail
