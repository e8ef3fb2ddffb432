#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/dsl/detail/graph.hpp"

namespace millrace::detail {

// link() and unlink() change both ends of an edge.
void link(GraphNode& parent, GraphNode& child);
void unlink(GraphNode& parent, GraphNode& child);

using GraphNodes = std::vector<std::unique_ptr<GraphNode>>;

/// Merges repartitionings (`merge.repartition.topics` in Kafka Streams). All repartitionings behind the same key change
/// become one, directly behind the key change, if no operation in between changes values. The new one is named like the
/// first. Use once, in the build phase.
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

/// Marks joins of a stream with itself. They need one store only, so the node that stores the other side is removed
/// from the graph. (Kafka Streams: `single.store.self.join`.)
void mark_self_joins(const GraphNodes& nodes);

}  // namespace millrace::detail
