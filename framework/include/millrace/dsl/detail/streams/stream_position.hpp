#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "millrace/dsl/detail/graph.hpp"

namespace millrace::detail {

/// What a stream is to the graph, apart from its types.
struct StreamPosition {
  // Not inline: each file with a topology would compile them.
  StreamPosition();
  StreamPosition(const StreamPosition&);
  StreamPosition(StreamPosition&&) noexcept;
  StreamPosition& operator=(const StreamPosition&);
  StreamPosition& operator=(StreamPosition&&) noexcept;
  ~StreamPosition();

  std::shared_ptr<Graph> graph;
  GraphNode* node = nullptr;      ///< new operators follow this one
  std::string name;               ///< of the topology node
  std::set<std::string> sources;  ///< whose topics must be co-partitioned in a join
  bool key_changed = false;       ///< grouping and joining must repartition first
  bool versioned = false;         ///< all that a stream comes from are versioned tables
};

/// Adds a source; where its records are. `given`: its name, if the user gave one.
[[nodiscard]] StreamPosition add_source(const std::shared_ptr<Graph>& graph, const std::string& given,
                                        GraphSource source);
/// What an operator may change in a record. One that leaves keys alone needs no repartitioning behind it.
struct MayChange {
  bool key = false;
  bool value = false;
};

/// Adds a processor behind a stream, connected to `stores` and to those in `added`; where its results are.
[[nodiscard]] StreamPosition add_operator(const StreamPosition& stream, const std::string& name, NodeFactory factory,
                                          MayChange changes = {}, std::vector<std::string> stores = {},
                                          std::vector<std::shared_ptr<const StoreBuilder>> added = {});
/// Throws if the two streams come from different StreamsBuilders.
[[nodiscard]] StreamPosition add_merge(const StreamPosition& one, const StreamPosition& other, const std::string& given,
                                       NodeFactory factory);
/// Where a stream is once it has been through the topic of `repartition`.
[[nodiscard]] StreamPosition behind_repartition(const StreamPosition& stream, GraphNode& repartition);

/// Throws if two streams that are to meet come from different StreamsBuilders.
void require_one_builder(const StreamPosition& one, const StreamPosition& other, const char* operation);

}  // namespace millrace::detail
