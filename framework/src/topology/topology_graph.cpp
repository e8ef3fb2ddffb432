// SPDX-License-Identifier: Apache-2.0
#include "topology/topology_graph.hpp"

#include <algorithm>

namespace millrace::detail {

// A copy, so that descriptions know nothing of factories and stores.
std::vector<NodeDescription> describe_nodes(const TopologyBuilder& topology) {
  std::vector<NodeDescription> result;
  for (const NodeSpec& node : topology.nodes()) {
    NodeDescription description;
    switch (node.kind) {
      case NodeSpec::Kind::source: description.kind = NodeDescription::Kind::source; break;
      case NodeSpec::Kind::processor: description.kind = NodeDescription::Kind::processor; break;
      case NodeSpec::Kind::sink: description.kind = NodeDescription::Kind::sink; break;
    }
    description.name = node.name;
    description.predecessors = node.predecessors;
    description.stores = node.stores;
    description.topics = node.topics;
    description.pattern = node.pattern;
    description.dynamic_topic = node.dynamic_topic;
    description.extractor_class = node.extractor_class;
    description.global = node.global;
    result.push_back(std::move(description));
  }
  return result;
}

// Ids have no gaps: assign_subtopologies() numbers components from 0 in the order of their first nodes.
std::vector<Subtopology> subtopologies(const TopologyBuilder& topology) {
  const std::vector<int> ids = assign_subtopologies(describe_nodes(topology));
  std::vector<Subtopology> result;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto id = static_cast<std::size_t>(ids[i]);
    if (result.size() <= id) result.resize(id + 1);
    const NodeSpec& node = topology.nodes()[i];
    Subtopology& subtopology = result[id];
    subtopology.id = ids[i];
    subtopology.nodes.push_back(&node);
    subtopology.stores.insert(node.stores.begin(), node.stores.end());
    if (node.kind == NodeSpec::Kind::source) {
      subtopology.source_topics.insert(node.topics.begin(), node.topics.end());
    }
  }
  // Global stores have a sub-topology number in descriptions, but no tasks.
  std::erase_if(result, [](const Subtopology& subtopology) { return subtopology.nodes.front()->global; });
  return result;
}

// User topics keep their names, so applications can share them. Internal topics belong to one application.
std::string decorate(const TopologyBuilder& topology, const std::string& application_id, const std::string& topic) {
  return topology.internal_topics().contains(topic) ? application_id + "-" + topic : topic;
}

// Kafka Streams uses the same name, so an application that moves over from Java finds its changelogs.
std::string changelog_topic(const std::string& application_id, const std::string& store) {
  return application_id + "-" + store + "-changelog";
}

}  // namespace millrace::detail
