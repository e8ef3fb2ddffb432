// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// One node of a topology, with what describe() prints and what sub-topologies depend on.
struct NodeDescription {
  enum class Kind { source, processor, sink };

  Kind kind = Kind::processor;
  std::string name;
  std::vector<std::string> predecessors;  ///< in declaration order
  std::vector<std::string> stores;        ///< in the order in which they were connected
  std::vector<std::string> topics;        ///< source: its topics, in declaration order; sink: its one topic
  std::optional<std::string> pattern;     ///< source: a pattern in place of topics
  bool dynamic_topic = false;             ///< sink: chooses a topic for each record
  std::string extractor_class;            ///< sink with dynamic_topic: what Java prints as `extractor class:`
  bool global = false;                    ///< part of a global store's sub-topology
};

/// The number of each node's sub-topology. `nodes` is in insertion order. A sub-topology is a connected component;
/// edges and shared stores connect nodes. Components are numbered by their first node. The number is the first part of
/// a task id. Throws TopologyException if a predecessor is missing or comes later.
[[nodiscard]] std::vector<int> assign_subtopologies(const std::vector<NodeDescription>& nodes);

/// The text that `Topology.describe().toString()` of Kafka Streams prints for this topology, byte for byte. Tools and
/// tests compare it with Java's.
[[nodiscard]] std::string describe_text(const std::vector<NodeDescription>& nodes);

/// The topology as a Mermaid flowchart, and as a Graphviz digraph. Kafka Streams has no such function.
[[nodiscard]] std::string describe_mermaid(const std::vector<NodeDescription>& nodes);
[[nodiscard]] std::string describe_graphviz(const std::vector<NodeDescription>& nodes);

}  // namespace millrace
