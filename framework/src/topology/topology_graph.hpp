#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "millrace/processor/detail/topology_builder.hpp"
#include "topology/description.hpp"

namespace millrace::detail {

/// The topology as describe() sees it.
[[nodiscard]] std::vector<NodeDescription> describe_nodes(const TopologyBuilder& topology);

/// One sub-topology: what its tasks are made of.
struct Subtopology {
  int id = 0;
  std::vector<const NodeSpec*> nodes;   ///< in insertion order, so predecessors come first
  std::set<std::string> source_topics;  ///< undecorated; without those that match patterns
  std::set<std::string> stores;
};

/// By id; without those of global stores.
[[nodiscard]] std::vector<Subtopology> subtopologies(const TopologyBuilder& topology);

/// `<application.id>-<topic>` for internal topics, else the topic itself.
[[nodiscard]] std::string decorate(const TopologyBuilder& topology, const std::string& application_id,
                                   const std::string& topic);

/// `<application.id>-<store>-changelog`.
[[nodiscard]] std::string changelog_topic(const std::string& application_id, const std::string& store);

}  // namespace millrace::detail
