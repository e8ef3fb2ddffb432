// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "millrace/dsl/detail/graph.hpp"

namespace millrace::detail {

/// A stream's place in the graph, without its types. A plain value: each operator returns a new one.
struct StreamPosition {
  // Not inline: otherwise every file with a topology would compile them.
  StreamPosition();
  StreamPosition(const StreamPosition&);
  StreamPosition(StreamPosition&&) noexcept;
  StreamPosition& operator=(const StreamPosition&);
  StreamPosition& operator=(StreamPosition&&) noexcept;
  ~StreamPosition();

  /// Shared by all streams and tables of one StreamsBuilder.
  std::shared_ptr<Graph> graph;
  GraphNode* node = nullptr;      ///< new operators are added behind this node; owned by the graph
  std::string name;               ///< the name of the topology node
  std::set<std::string> sources;  ///< a join requires that their topics have the same number of partitions
  bool key_changed = false;       ///< the key may have changed: grouping and joining must repartition first
  bool versioned = false;         ///< the stream comes from versioned tables only
};

/// Adds a source and returns its position. `given`: the user's name for it, or empty.
[[nodiscard]] StreamPosition add_source(const std::shared_ptr<Graph>& graph, const std::string& given,
                                        GraphSource source);
/// What an operator may change in a record. If it cannot change the key, no repartitioning is needed behind it.
struct MayChange {
  bool key = false;
  bool value = false;
};

/// Adds a processor behind a stream and returns its position. It is connected to `stores`, by name, and to `added`,
/// which are added to the topology.
[[nodiscard]] StreamPosition add_operator(const StreamPosition& stream, const std::string& name, NodeFactory factory,
                                          MayChange changes = {}, std::vector<std::string> stores = {},
                                          std::vector<std::shared_ptr<const StoreBuilder>> added = {});
/// Merges two streams: records of both, in no particular order. Throws TopologyException if they come from different
/// StreamsBuilders.
[[nodiscard]] StreamPosition add_merge(const StreamPosition& one, const StreamPosition& other, const std::string& given,
                                       NodeFactory factory);
/// The position of a stream behind its repartition topic.
[[nodiscard]] StreamPosition behind_repartition(const StreamPosition& stream, GraphNode& repartition);

/// Throws TopologyException if the two streams come from different StreamsBuilders. `operation`: for the message.
void require_one_builder(const StreamPosition& one, const StreamPosition& other, const char* operation);

}  // namespace millrace::detail
