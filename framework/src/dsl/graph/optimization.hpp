// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/dsl/detail/graph.hpp"

namespace millrace::detail {

// Both functions change both ends of an edge. Linking twice makes one edge.
void link(GraphNode& parent, GraphNode& child);
void unlink(GraphNode& parent, GraphNode& child);

/// Owned by the Graph. In the order of creation, so parents come before their children.
using GraphNodes = std::vector<std::unique_ptr<GraphNode>>;

/// Merges repartitionings. (Kafka Streams: `merge.repartition.topics`.)
///
/// Several operations behind the same key change may each need a repartitioning. One is enough, directly behind the key
/// change, if no operation in between changes values. The new repartitioning has the topic of the first one.
///
/// Used once per graph, in the build phase, on the thread that builds the topology.
class RepartitionMerger {
 public:
  using NameRepartition = std::function<Repartition(const std::string& prefix)>;

  /// `name_repartition` draws the names for a new repartitioning.
  RepartitionMerger(GraphNodes& nodes, NameRepartition name_repartition)
      : nodes_(nodes), name_repartition_(std::move(name_repartition)) {}

  /// Returns pairs of names: a source that was removed, and the source that replaces it.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> run();

 private:
  /// The repartitionings behind one key change.
  struct Group {
    GraphNode* key_changer;
    // In the order of creation. The first one gives the topic its name.
    std::vector<GraphNode*> repartitions;
  };

  void collect();
  void move_to_merge_nodes();
  void replace(const Group& group);

  GraphNodes& nodes_;
  NameRepartition name_repartition_;
  std::vector<Group> groups_;
  std::vector<std::pair<std::string, std::string>> replaced_;
};

/// Marks joins of a stream with itself. Such a join needs only one store, so the node that stores the other side is
/// removed from the graph. (Kafka Streams: `single.store.self.join`.)
void mark_self_joins(const GraphNodes& nodes);

}  // namespace millrace::detail
