#include "runtime/topology_plan.hpp"

#include <algorithm>
#include <optional>
#include <regex>

#include "millrace/common/errors.hpp"
#include "runtime/internal_topics.hpp"

namespace millrace::detail {

TopologyPlan::TopologyPlan(std::vector<Tasks> tasks, std::set<std::string> repartition_topics)
    : tasks_(std::move(tasks)), repartition_topics_(std::move(repartition_topics)) {
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

bool TopologyPlan::operator==(const TopologyPlan& other) const {
  return std::ranges::equal(tasks_, other.tasks_, [](const Tasks& a, const Tasks& b) {
    return a.subtopology.id == b.subtopology.id && a.topics == b.topics;
  });
}

namespace {

/// Partition counts while they are being settled. Topic names are the topology's own.
class PartitionCounts {
 public:
  PartitionCounts(const TopologyBuilder& topology, const std::string& application_id,
                  std::vector<Subtopology> subtopologies, const std::vector<TopicDescription>& existing)
      : topology_(topology),
        application_id_(application_id),
        subtopologies_(std::move(subtopologies)),
        existing_(existing) {
    for (Subtopology& subtopology : subtopologies_) add_matching_topics(subtopology);
    check_readers();
    for (const auto& [name, topic] : topology_.internal_topics()) {
      if (topic.partitions) counts_[name] = *topic.partitions;
    }
    settle_repartition_topics();
    align_copartitioned();
  }

  [[nodiscard]] const std::vector<Subtopology>& subtopologies() const { return subtopologies_; }
  [[nodiscard]] std::int32_t of(const std::string& topic) const { return counts_.at(topic); }

 private:
  void add_matching_topics(Subtopology& subtopology) {
    for (const std::string& topic : subtopology.source_topics) {
      if (topology_.internal_topics().contains(topic)) continue;
      const auto found =
          std::ranges::find_if(existing_, [&](const TopicDescription& known) { return known.name == topic; });
      if (found == existing_.end()) {
        throw TopologyException("source topic '" + topic + "' does not exist: create it before the application starts");
      }
      counts_[topic] = found->partitions;
    }
    for (const std::string& pattern : subtopology.patterns) {
      const std::regex regex(pattern);
      bool any = false;
      for (const TopicDescription& topic : existing_) {
        if (topic.internal || is_own(topic.name) || !std::regex_match(topic.name, regex)) continue;
        subtopology.source_topics.insert(topic.name);
        counts_[topic.name] = topic.partitions;
        any = true;
      }
      if (!any) {
        throw TopologyException("no topic matches the source pattern '" + pattern +
                                "': create one before the application starts");
      }
    }
  }

  /// A topic that this application makes for itself is never its input by a pattern.
  [[nodiscard]] bool is_own(const std::string& topic) const {
    return topic.starts_with(application_id_ + "-") &&
           (topic.ends_with("-changelog") || topic.ends_with("-repartition"));
  }

  /// A pattern may find a topic that another sub-topology reads too; the group could give it to one of them only.
  void check_readers() const {
    std::map<std::string, int> readers;
    for (const Subtopology& subtopology : subtopologies_) {
      for (const std::string& topic : subtopology.source_topics) {
        const auto [first, is_new] = readers.emplace(topic, subtopology.id);
        if (is_new) continue;
        throw TopologyException("topic '" + topic + "' is read by the sub-topologies " + std::to_string(first->second) +
                                " and " + std::to_string(subtopology.id) +
                                ": a source pattern matches it that another source reads too; narrow the pattern");
      }
    }
  }

  /// A repartition topic gets as many partitions as the largest input of what writes it.
  void settle_repartition_topics() {
    bool changed = true;
    while (changed) {
      changed = false;
      for (const auto& [name, topic] : topology_.internal_topics()) {
        if (counts_.contains(name)) continue;
        const auto largest = largest_upstream(name);
        if (!largest) continue;
        counts_[name] = *largest;
        changed = true;
      }
    }
    for (const auto& [name, topic] : topology_.internal_topics()) {
      if (!counts_.contains(name)) {
        throw TopologyException("repartition topic '" + name +
                                "' has no input from which its number of partitions "
                                "follows: give it one with Repartitioned::with_number_of_partitions");
      }
    }
  }

  [[nodiscard]] std::optional<std::int32_t> largest_upstream(const std::string& topic) const {
    std::optional<std::int32_t> largest;
    for (const Subtopology& subtopology : subtopologies_) {
      const bool writes = std::ranges::any_of(subtopology.nodes, [&](const NodeSpec* node) {
        return node->kind == NodeSpec::Kind::sink && !node->topics.empty() && node->topics.front() == topic;
      });
      if (!writes) continue;
      for (const std::string& input : subtopology.source_topics) {
        const auto known = counts_.find(input);
        if (known == counts_.end()) return std::nullopt;  // settled in a later round
        largest = std::max(largest.value_or(0), known->second);
      }
    }
    return largest;
  }

  [[nodiscard]] std::set<std::string> topics_of(const std::set<std::string>& sources) const {
    std::set<std::string> topics;
    for (const std::string& source : sources) {
      const NodeSpec& node = topology_.node(source);
      topics.insert(node.topics.begin(), node.topics.end());
    }
    return topics;
  }

  /// Joined topics must agree: the user's own decide, then numbers that were asked for, then the largest.
  void align_copartitioned() {
    for (const auto& sources : topology_.copartition_groups()) {
      const auto topics = topics_of(sources);
      std::optional<std::string> decisive;
      std::int32_t largest = 0;
      for (const std::string& topic : topics) {
        largest = std::max(largest, counts_.at(topic));
        const auto internal = topology_.internal_topics().find(topic);
        const bool fixed = internal == topology_.internal_topics().end() || internal->second.partitions;
        if (!fixed) continue;
        if (decisive && counts_.at(*decisive) != counts_.at(topic)) {
          throw TopologyException("topics '" + *decisive + "' (" + std::to_string(counts_.at(*decisive)) +
                                  " partitions) and '" + topic + "' (" + std::to_string(counts_.at(topic)) +
                                  ") are joined and must have the same number of partitions: repartition one of the "
                                  "streams with .repartition()");
        }
        if (!decisive || !topology_.internal_topics().contains(topic)) decisive = topic;
      }
      const std::int32_t count = decisive ? counts_.at(*decisive) : largest;
      for (const std::string& topic : topics) counts_[topic] = count;
    }
  }

  const TopologyBuilder& topology_;
  const std::string& application_id_;
  std::vector<Subtopology> subtopologies_;
  const std::vector<TopicDescription>& existing_;
  std::map<std::string, std::int32_t> counts_;
};

TopologyPlan::Tasks plan_tasks(const TopologyBuilder& topology, const std::string& application_id,
                               const Subtopology& subtopology, const PartitionCounts& counts) {
  TopologyPlan::Tasks tasks{subtopology, {}, {}, 0};
  for (const std::string& topic : subtopology.source_topics) {
    tasks.topics.emplace(decorate(topology, application_id, topic), counts.of(topic));
  }
  for (const auto& [topic, partitions] : tasks.topics) {
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
  const PartitionCounts counts(topology, application_id, subtopologies(topology), existing);

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
      const StoreSpec& spec = topology.stores().at(store)->spec;
      if (!spec.logging) continue;
      ensure_topic(admin, changelog_topic(application_id, store), tasks.count, changelog_topic_config(spec, config),
                   config, timeout);
    }
    all.push_back(std::move(tasks));
  }
  return TopologyPlan(std::move(all), std::move(repartition_topics));
}

}  // namespace millrace::detail
