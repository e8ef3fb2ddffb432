// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

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

/// A topology together with the topics that exist: which tasks there are, and which partitions each task reads.
/// Immutable. Threads share it through a shared_ptr. A change of topics leads to a new plan.
///
/// Why lead topics: librdkafka has no pluggable assignor, so the group assigns single partitions and not tasks. Each
/// stream thread subscribes only to one topic per sub-topology, the *lead topic*: the one with the most partitions, the
/// first by name if several have as many. The member that gets partition p of the lead topic runs task p. It reads
/// partition p of all topics of the sub-topology. So co-partitioned partitions always come to the same thread, with any
/// assignor.
class TopologyPlan {
 public:
  /// All tasks of one sub-topology.
  struct Tasks {
    Subtopology subtopology;
    std::map<std::string, std::int32_t> topics;  ///< input topics by real name, with their numbers of partitions
    std::string lead;                            ///< real name of the lead topic
    std::int32_t count = 0;                      ///< number of tasks = partitions of the lead topic

    /// A hash of the lead topic and the names of the stores. The committed offset of each input contains the claim of
    /// the task that owns the input. Members with different plans may have tasks with the same claim. The group assigns
    /// these tasks to one member only, because they have the same lead topic. See docs/group-protocol.md.
    [[nodiscard]] std::int64_t claim() const;
  };

  /// `repartition_topics`: real names.
  TopologyPlan(std::vector<Tasks> tasks, std::set<std::string> repartition_topics);

  [[nodiscard]] const std::vector<Tasks>& tasks() const { return tasks_; }
  /// REQUIRES: the plan has a sub-topology with this id.
  [[nodiscard]] const Tasks& tasks_of(int subtopology) const;
  /// What a stream thread subscribes to. Sorted by name.
  [[nodiscard]] std::vector<std::string> lead_topics() const;

  /// The task that belongs to a partition of a lead topic. nullopt: the plan does not know the partition. The topic has
  /// grown since the plan was made, and the application needs a new plan.
  [[nodiscard]] std::optional<TaskId> task_for(const TopicPartition& lead) const;
  /// All partitions that a task reads, including the one of the lead topic. A topic with fewer partitions than the lead
  /// topic has none for the higher tasks.
  [[nodiscard]] std::vector<TopicPartition> inputs_of(TaskId task) const;

  /// A hash of all tasks: their claims, their input topics, and the numbers of partitions. Members of a group with
  /// equal fingerprints have the same tasks. Every process and every version computes the same value.
  [[nodiscard]] std::uint64_t fingerprint() const { return fingerprint_; }

  /// Real names. Records that were processed can be deleted from these topics, because no other application reads them.
  [[nodiscard]] const std::set<std::string>& repartition_topics() const { return repartition_topics_; }

  /// Whether both plans have the same tasks with the same inputs. They must be plans of the same topology.
  bool operator==(const TopologyPlan& other) const;

 private:
  std::vector<Tasks> tasks_;
  /// Lead topic to sub-topology id.
  std::map<std::string, int> by_lead_;
  std::set<std::string> repartition_topics_;
  std::uint64_t fingerprint_ = 0;
};

/// Makes a plan: lists the topics of the cluster, computes partition counts, and creates the internal topics that are
/// missing.
///
/// Each request to the broker may take up to `timeout`. Throws TopologyException as PartitionCounts does, or if an
/// internal topic has a wrong number of partitions. Throws BrokerException if the broker does not answer. A failed call
/// may have created some topics; the next call finds them and goes on.
[[nodiscard]] TopologyPlan plan_topology(const TopologyBuilder& topology, const std::string& application_id,
                                         const StreamsConfig& config, Admin& admin, Millis timeout);

}  // namespace millrace::detail
