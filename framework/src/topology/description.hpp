#pragma once

#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// What describe() needs to know of one node of a topology.
struct NodeDescription {
  enum class Kind { source, processor, sink };

  Kind kind = Kind::processor;
  std::string name;
  std::vector<std::string> predecessors;  ///< in declaration order
  std::vector<std::string> stores;        ///< in the order in which they were connected
  std::vector<std::string> topics;        ///< of a source, in declaration order; of a sink, its one topic
  std::optional<std::string> pattern;     ///< of a source that subscribes to a pattern
  bool dynamic_topic = false;             ///< of a sink that picks its topic per record
  std::string extractor_class;            ///< of such a sink: what Java prints as `extractor class:`
  bool global = false;                    ///< part of a global store's sub-topology
};

/// For each node (given in insertion order) the number of its sub-topology: connected components by edges and
/// shared stores, numbered by their first node. This number is the first part of a task id.
[[nodiscard]] std::vector<int> assign_subtopologies(const std::vector<NodeDescription>& nodes);

/// The text that Kafka Streams' `Topology.describe().toString()` prints for the same topology, byte for byte.
[[nodiscard]] std::string describe_text(const std::vector<NodeDescription>& nodes);

/// The same as a Mermaid flowchart, and as a Graphviz digraph.
[[nodiscard]] std::string describe_mermaid(const std::vector<NodeDescription>& nodes);
[[nodiscard]] std::string describe_graphviz(const std::vector<NodeDescription>& nodes);

}  // namespace millrace
