// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/topology_plan.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "common/stable_hash.hpp"
#include "runtime/plan/internal_topics.hpp"
#include "runtime/plan/partition_counts.hpp"

namespace millrace::detail {

namespace {

/// Hashes all tasks of a plan. Ids of sub-topologies are left out, because an unrelated change of the topology shifts
/// them. The set makes the result independent of their order.
std::uint64_t fingerprint_of(const std::vector<TopologyPlan::Tasks>& all) {
  std::set<std::uint64_t> parts;
  for (const TopologyPlan::Tasks& tasks : all) {
    StableHash hash;
    hash.add(static_cast<std::uint64_t>(tasks.claim()));
    for (const auto& [topic, partitions] : tasks.topics) hash.add(topic).add(static_cast<std::uint64_t>(partitions));
    parts.insert(hash.value());
  }
  StableHash hash;
  for (const std::uint64_t part : parts) hash.add(part);
  return hash.value();
}

}  // namespace

std::int64_t TopologyPlan::Tasks::claim() const {
  StableHash hash;
  hash.add(lead);
  for (const std::string& store : subtopology.stores) hash.add(store);
  return static_cast<std::int64_t>(hash.value());
}

TopologyPlan::TopologyPlan(std::vector<Tasks> tasks, std::set<std::string> repartition_topics)
    : tasks_(std::move(tasks)),
      repartition_topics_(std::move(repartition_topics)),
      fingerprint_(fingerprint_of(tasks_)) {
  for (const Tasks& entry : tasks_) by_lead_.emplace(entry.lead, entry.subtopology.id);
}

const TopologyPlan::Tasks& TopologyPlan::tasks_of(int subtopology) const {
  return *std::ranges::find_if(tasks_, [=](const Tasks& entry) { return entry.subtopology.id == subtopology; });
}

std::vector<std::string> TopologyPlan::lead_topics() const {
  std::vector<std::string> topics;
  for (const auto& [topic, subtopology] : by_lead_) topics.push_back(topic);
  return topics;
}

std::optional<TaskId> TopologyPlan::task_for(const TopicPartition& lead) const {
  const auto found = by_lead_.find(lead.topic);
  if (found == by_lead_.end() || lead.partition >= tasks_of(found->second).count) return std::nullopt;
  return TaskId{found->second, lead.partition};
}

std::vector<TopicPartition> TopologyPlan::inputs_of(TaskId task) const {
  std::vector<TopicPartition> inputs;
  for (const auto& [topic, partitions] : tasks_of(task.subtopology).topics) {
    if (task.partition < partitions) inputs.push_back({topic, task.partition});
  }
  return inputs;
}

// Nodes and stores need no comparison: both plans are of the same topology. Only topics and partitions can differ.
bool TopologyPlan::operator==(const TopologyPlan& other) const {
  return std::ranges::equal(tasks_, other.tasks_, [](const Tasks& a, const Tasks& b) {
    return a.subtopology.id == b.subtopology.id && a.topics == b.topics;
  });
}

namespace {

/// The tasks of one sub-topology. There are as many as the largest topic has partitions.
TopologyPlan::Tasks plan_tasks(const TopologyBuilder& topology, const std::string& application_id,
                               const Subtopology& subtopology, const PartitionCounts& counts) {
  TopologyPlan::Tasks tasks{subtopology, {}, {}, 0};
  for (const std::string& topic : subtopology.source_topics) {
    tasks.topics.emplace(decorate(topology, application_id, topic), counts.of(topic));
  }
  for (const auto& [topic, partitions] : tasks.topics) {
    // The map is sorted by name. So ">" keeps the first name among topics of the same size, on every instance alike.
    // All instances must choose the same lead topic.
    if (partitions > tasks.count) {
      tasks.lead = topic;
      tasks.count = partitions;
    }
  }
  return tasks;
}

}  // namespace

TopologyPlan plan_topology(const TopologyBuilder& topology, const std::string& application_id,
                           const StreamsConfig& config, Admin& admin, Millis timeout) {
  const auto existing = admin.list_topics(timeout);
  const PartitionCounts counts(topology, application_id, existing);

  // Repartition topics come first: sources read them, and a subscription to a missing topic would get no partitions.
  std::set<std::string> repartition_topics;
  for (const auto& [name, topic] : topology.internal_topics()) {
    const std::string real_name = decorate(topology, application_id, name);
    ensure_topic(admin, real_name, counts.of(name), repartition_topic_config(config), config, timeout);
    repartition_topics.insert(real_name);
  }
  std::vector<TopologyPlan::Tasks> all;
  for (const Subtopology& subtopology : counts.subtopologies()) {
    auto tasks = plan_tasks(topology, application_id, subtopology, counts);
    for (const std::string& store : subtopology.stores) {
      // A changelog has one partition per task: task p writes partition p.
      const StoreSpec& spec = definition_of(*topology.stores().at(store)).spec;
      if (!spec.logging) continue;
      ensure_topic(admin, changelog_topic(application_id, store), tasks.count, changelog_topic_config(spec, config),
                   config, timeout);
    }
    all.push_back(std::move(tasks));
  }
  return TopologyPlan(std::move(all), std::move(repartition_topics));
}

}  // namespace millrace::detail
