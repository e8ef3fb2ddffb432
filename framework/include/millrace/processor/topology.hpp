#pragma once

#include <memory>
#include <string>

namespace millrace {

namespace detail {
class TopologyBuilder;
}

/// A finished topology: immutable, cheap to copy, usable by any number of Streams and TopologyTestDrivers.
/// (Kafka Streams: `Topology`.)
class Topology {
 public:
  explicit Topology(std::shared_ptr<const detail::TopologyBuilder> nodes);

  /// The text of Kafka Streams' `Topology.describe().toString()` for the same program, byte for byte.
  [[nodiscard]] std::string describe() const;

  /// The same as a Mermaid flowchart, and as a Graphviz digraph.
  [[nodiscard]] std::string describe_mermaid() const;
  [[nodiscard]] std::string describe_graphviz() const;

  [[nodiscard]] const detail::TopologyBuilder& internal() const { return *nodes_; }

 private:
  std::shared_ptr<const detail::TopologyBuilder> nodes_;
};

}  // namespace millrace
