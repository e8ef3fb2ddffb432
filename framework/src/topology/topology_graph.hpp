// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "millrace/processor/detail/topology_builder.hpp"
#include "topology/description.hpp"

namespace millrace::detail {

/// The nodes of a topology in the form that describe() needs.
[[nodiscard]] std::vector<NodeDescription> describe_nodes(const TopologyBuilder& topology);

/// One sub-topology. Each of its tasks runs these nodes with these stores. Valid while the topology exists.
struct Subtopology {
  int id = 0;
  std::vector<const NodeSpec*> nodes;   ///< owned by the topology; in insertion order, so predecessors come first
  std::set<std::string> source_topics;  ///< without the application's prefix and without topics of patterns
  std::set<std::string> stores;
};

/// All sub-topologies by id, without those of global stores.
[[nodiscard]] std::vector<Subtopology> subtopologies(const TopologyBuilder& topology);

/// `<application.id>-<topic>` for internal topics; all other topics stay the same.
[[nodiscard]] std::string decorate(const TopologyBuilder& topology, const std::string& application_id,
                                   const std::string& topic);

/// `<application.id>-<store>-changelog`.
[[nodiscard]] std::string changelog_topic(const std::string& application_id, const std::string& store);

}  // namespace millrace::detail
