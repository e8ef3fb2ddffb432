// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/partition_counts.hpp"

#include <algorithm>
#include <regex>
#include <utility>

#include "millrace/common/errors.hpp"

namespace millrace::detail {
namespace {

/// Null if the topic does not exist.
[[nodiscard]] const TopicDescription* find_topic(const std::vector<TopicDescription>& existing,
                                                 const std::string& name) {
  const auto found = std::ranges::find(existing, name, &TopicDescription::name);
  return found == existing.end() ? nullptr : &*found;
}

/// For messages: 'a', 'b'.
[[nodiscard]] std::string quoted(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

}  // namespace

PartitionCounts::PartitionCounts(const TopologyBuilder& topology, const std::string& application_id,
                                 const std::vector<TopicDescription>& existing)
    : topology_(topology), application_id_(application_id), subtopologies_(detail::subtopologies(topology)) {
  // Numbers that the user gave (Repartitioned::with_number_of_partitions) are fixed from the start.
  for (const auto& [name, topic] : topology_.internal_topics()) {
    if (topic.partitions) counts_[name] = *topic.partitions;
  }
  for (Subtopology& subtopology : subtopologies_) find_topics(subtopology, existing);
  settle_repartition_topics();
  for (const Group& group : copartition_groups()) align(group);
}

void PartitionCounts::find_topics(Subtopology& subtopology, const std::vector<TopicDescription>& existing) {
  for (const NodeSpec* node : subtopology.nodes) {
    if (node->kind != NodeSpec::Kind::source) continue;
    auto topics = topics_of(*node, existing);
    for (const std::string& topic : topics) {
      // Kafka allows two subscribers, but here one partition belongs to one queue of one task. A pattern makes the
      // overlap possible: the builder has already refused two sources that name the same topic.
      const auto [other, is_new] = reader_of_topic_.emplace(topic, node);
      if (!is_new) {
        throw TopologyException("topic '" + topic + "' is read by the sources '" + other->second->name + "' and '" +
                                node->name + "': a source pattern matches a topic that another source reads; narrow " +
                                "the pattern");
      }
      // An existing repartition topic does not count here. Its number may be from an older topology, and ensure_topic()
      // checks it later.
      if (!topology_.internal_topics().contains(topic)) counts_[topic] = find_topic(existing, topic)->partitions;
    }
    subtopology.source_topics.insert(topics.begin(), topics.end());
    topics_of_source_.emplace(node->name, std::move(topics));
  }
}

std::set<std::string> PartitionCounts::topics_of(const NodeSpec& source,
                                                 const std::vector<TopicDescription>& existing) const {
  for (const std::string& topic : source.topics) {
    if (!topology_.internal_topics().contains(topic) && find_topic(existing, topic) == nullptr) {
      throw TopologyException("source topic '" + topic + "' does not exist: create it before the application starts");
    }
  }
  std::set<std::string> topics(source.topics.begin(), source.topics.end());
  if (!source.pattern) return topics;
  const std::regex regex(*source.pattern);
  for (const TopicDescription& topic : existing) {
    // `internal`: Kafka's own topics, such as __consumer_offsets.
    if (!topic.internal && !is_own(topic.name) && std::regex_match(topic.name, regex)) topics.insert(topic.name);
  }
  if (topics.empty()) {
    throw TopologyException("no topic matches the source pattern '" + *source.pattern +
                            "': create one before the application starts");
  }
  return topics;
}

// A pattern such as ".*" also matches the application's own changelogs and repartition topics. They must never become
// its input. Topics of an older version of the topology are not in internal_topics(). Only their name endings show what
// they are.
bool PartitionCounts::is_own(const std::string& topic) const {
  const std::string prefix = application_id_ + "-";
  if (!topic.starts_with(prefix)) return false;
  return topic.ends_with("-changelog") || topic.ends_with("-repartition") ||
         topology_.internal_topics().contains(topic.substr(prefix.size()));
}

// A repartition topic gets as many partitions as the largest topic upstream of it. Sub-topologies can form a circle: a
// stream that is joined with its own repartitioned copy, or the two directions of a foreign-key join. So the loop
// starts with the known counts and repeats. Counts only grow and have an upper limit, so the loop ends.
void PartitionCounts::settle_repartition_topics() {
  bool changed = true;
  while (changed) {
    changed = false;
    for (const auto& [name, topic] : topology_.internal_topics()) {
      if (topic.partitions) continue;
      const std::int32_t largest = largest_upstream(name);
      std::int32_t& count = counts_[name];
      if (largest <= count) continue;
      count = largest;
      changed = true;
    }
  }
  for (const auto& [name, topic] : topology_.internal_topics()) {
    if (counts_.at(name) == 0) {
      throw TopologyException("repartition topic '" + name +
                              "' has no input topic, so its number of partitions is unknown: set the number with "
                              "Repartitioned::with_number_of_partitions");
    }
  }
}

std::int32_t PartitionCounts::largest_upstream(const std::string& topic) const {
  std::int32_t largest = 0;
  for (const Subtopology& subtopology : subtopologies_) {
    // A sink with a topic extractor has no fixed topic, so it is never upstream of a repartition topic.
    const bool writes = std::ranges::any_of(subtopology.nodes, [&](const NodeSpec* node) {
      return node->kind == NodeSpec::Kind::sink && !node->topics.empty() && node->topics.front() == topic;
    });
    if (!writes) continue;
    for (const std::string& input : subtopology.source_topics) {
      const auto known = counts_.find(input);
      if (known != counts_.end()) largest = std::max(largest, known->second);
    }
  }
  return largest;
}

// Two groups that share a topic become one group. Example: a re-keyed stream that is joined twice has one repartition
// topic for both joins. So all three inputs need the same count.
std::vector<PartitionCounts::Group> PartitionCounts::copartition_groups() const {
  std::vector<Group> groups;
  for (const auto& [sources, node] : topology_.copartition_groups()) {
    Group group{{}, {node}};
    for (const std::string& source : sources) {
      const auto& topics = topics_of_source_.at(topology_.node(source).name);
      group.topics.insert(topics.begin(), topics.end());
    }
    // Moves the content of every earlier group with a common topic into this one, and removes that group.
    std::erase_if(groups, [&](const Group& other) {
      const bool shared =
          std::ranges::any_of(other.topics, [&](const std::string& topic) { return group.topics.contains(topic); });
      if (shared) {
        group.topics.insert(other.topics.begin(), other.topics.end());
        group.nodes.insert(other.nodes.begin(), other.nodes.end());
      }
      return shared;
    });
    groups.push_back(std::move(group));
  }
  return groups;
}

// Counts of the user's topics and counts that the user gave to repartition topics are fixed. They must all be the same,
// and they decide. A group without a fixed count takes its largest one.
void PartitionCounts::align(const Group& group) {
  std::optional<std::string> decisive;
  std::int32_t largest = 0;
  for (const std::string& topic : group.topics) {
    largest = std::max(largest, counts_.at(topic));
    const auto internal = topology_.internal_topics().find(topic);
    // Counts that were only derived may be raised. Two different fixed counts cannot be repaired here.
    const bool fixed = internal == topology_.internal_topics().end() || internal->second.partitions;
    if (!fixed) continue;
    if (decisive && counts_.at(*decisive) != counts_.at(topic)) {
      throw TopologyException("topics '" + *decisive + "' (" + std::to_string(counts_.at(*decisive)) +
                              " partitions) and '" + topic + "' (" + std::to_string(counts_.at(topic)) + ") meet in " +
                              quoted(group.nodes) +
                              " and must have the same number of partitions: repartition one of the streams with "
                              ".repartition()");
    }
    // A user's topic replaces a repartition topic as the decisive one. Both have the same count, so this changes only
    // which topic an error message names.
    if (!decisive || !topology_.internal_topics().contains(topic)) decisive = topic;
  }
  const std::int32_t count = decisive ? counts_.at(*decisive) : largest;
  for (const std::string& topic : group.topics) counts_[topic] = count;
}

}  // namespace millrace::detail
