#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "millrace/broker/admin.hpp"
#include "millrace/config/streams_config.hpp"
#include "topology/topology_graph.hpp"

namespace millrace::detail {

/// A topology laid out on the topics that exist: which tasks there are, what each reads, which topic stands for a
/// sub-topology in the consumer group. Immutable.
///
/// Each thread subscribes only to the *lead* topic of every sub-topology (most partitions; ties by name). Whoever is
/// given partition p of it runs task p, and reads partition p of all the sub-topology's topics. So tasks stay
/// co-partitioned under any assignor of the group protocol.
class TopologyPlan {
 public:
  struct Tasks {
    Subtopology subtopology;
    std::map<std::string, std::int32_t> topics;  ///< real names of the inputs, with their partition counts
    std::string lead;
    std::int32_t count = 0;
  };

  TopologyPlan(std::vector<Tasks> tasks, std::set<std::string> repartition_topics);

  [[nodiscard]] const std::vector<Tasks>& tasks() const { return tasks_; }
  [[nodiscard]] const Tasks& tasks_of(int subtopology) const;
  [[nodiscard]] std::vector<std::string> lead_topics() const;

  /// The task that a partition of a lead topic stands for; nullopt if it did not exist when the plan was made.
  [[nodiscard]] std::optional<TaskId> task_for(const TopicPartition& lead) const;
  [[nodiscard]] std::vector<TopicPartition> inputs_of(TaskId task) const;

  /// Internal topics between sub-topologies, real names: what has been processed may be deleted from them.
  [[nodiscard]] const std::set<std::string>& repartition_topics() const { return repartition_topics_; }

  bool operator==(const TopologyPlan& other) const;

 private:
  std::vector<Tasks> tasks_;
  std::map<std::string, int> by_lead_;
  std::set<std::string> repartition_topics_;
};

/// Looks up the topics, settles the partition counts of repartition topics, checks co-partitioning, and creates the
/// internal topics that are missing, with Kafka Streams' settings.
/// Throws TopologyException for a missing source topic, unequal partition counts where streams are joined, and
/// internal topics that exist with a wrong number of partitions.
[[nodiscard]] TopologyPlan plan_topology(const TopologyBuilder& topology, const std::string& application_id,
                                         const StreamsConfig& config, Admin& admin, Millis timeout);

}  // namespace millrace::detail
