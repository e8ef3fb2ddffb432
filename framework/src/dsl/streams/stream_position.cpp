// SPDX-License-Identifier: Apache-2.0
#include "millrace/common/errors.hpp"
#include "millrace/dsl/kstream.hpp"

namespace millrace::detail {

// Defined here, so that user files do not compile the special members.
StreamPosition::StreamPosition() = default;
StreamPosition::StreamPosition(const StreamPosition&) = default;
StreamPosition::StreamPosition(StreamPosition&&) noexcept = default;
StreamPosition& StreamPosition::operator=(const StreamPosition&) = default;
StreamPosition& StreamPosition::operator=(StreamPosition&&) noexcept = default;
StreamPosition::~StreamPosition() = default;

void require_one_builder(const StreamPosition& one, const StreamPosition& other, const char* operation) {
  if (one.graph == other.graph) return;
  throw TopologyException(std::string(operation) + ": the streams behind '" + one.name + "' and '" + other.name +
                          "' belong to two StreamsBuilders; build one topology with one builder");
}

// A source is its own only source for co-partitioning.
StreamPosition add_source(const std::shared_ptr<Graph>& graph, const std::string& given, GraphSource source) {
  GraphNode node(graph->name_or(given, "KSTREAM-SOURCE-"));
  node.source = std::move(source);
  StreamPosition position;
  position.graph = graph;
  position.name = node.name;
  position.sources = {node.name};
  position.node = &graph->add_source(std::move(node));
  return position;
}

// The position keeps the sources and flags of the stream before it; only what the operator changes is set.
StreamPosition add_operator(const StreamPosition& stream, const std::string& name, NodeFactory factory,
                            MayChange changes, std::vector<std::string> stores,
                            std::vector<std::shared_ptr<const StoreBuilder>> added) {
  GraphNode node(name);
  node.changes_key = changes.key;
  node.changes_value = changes.value;
  node.write = write_processor(std::move(factory), std::move(stores), std::move(added));
  StreamPosition next = stream;
  next.node = &next.graph->add(std::move(node), {stream.node});
  next.name = name;
  // Once changed, the key stays changed until the next repartitioning.
  next.key_changed |= changes.key;
  return next;
}

StreamPosition add_merge(const StreamPosition& one, const StreamPosition& other, const std::string& given,
                         NodeFactory factory) {
  require_one_builder(one, other, "merge");
  StreamPosition next = one;
  next.name = next.graph->name_or(given, "KSTREAM-MERGE-");
  GraphNode node(next.name);
  node.merges = true;
  node.write = write_processor(std::move(factory));
  next.node = &next.graph->add(std::move(node), {one.node, other.node});
  // The result is repartitioned if one of the two streams would be.
  next.key_changed |= other.key_changed;
  next.versioned = one.versioned && other.versioned;
  // A later join must be co-partitioned with the topics of both streams.
  next.sources.insert(other.sources.begin(), other.sources.end());
  return next;
}

// The stream after a repartition topic: partitioned by its key again.
StreamPosition behind_repartition(const StreamPosition& stream, GraphNode& repartition) {
  StreamPosition next = stream;
  next.node = &repartition;
  next.name = repartition.name;
  // Behind the topic only its source counts for co-partitioning.
  next.sources = {next.name};
  next.key_changed = false;
  return next;
}

}  // namespace millrace::detail
