#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/dsl/detail/graph.hpp"

namespace millrace::detail {

void link(GraphNode& parent, GraphNode& child);
void unlink(GraphNode& parent, GraphNode& child);

using GraphNodes = std::vector<std::unique_ptr<GraphNode>>;

/// Replaces all repartitionings behind one key-changing operation, with nothing between that changes values, by one
/// directly behind it; it is named like the first. (Kafka Streams: `merge.repartition.topics`.)
class RepartitionMerger {
 public:
  using NameRepartition = std::function<Repartition(const std::string& prefix)>;

  /// `name_repartition` draws the names of the one that remains.
  RepartitionMerger(GraphNodes& nodes, NameRepartition name_repartition)
      : nodes_(nodes), name_repartition_(std::move(name_repartition)) {}

  /// Returns source name -> name of the source that takes its place.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> run();

 private:
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

/// Marks the stream-stream joins of a stream with itself, which need one store only, and drops the other side's.
/// (Kafka Streams: `single.store.self.join`.)
void mark_self_joins(const GraphNodes& nodes);

}  // namespace millrace::detail
