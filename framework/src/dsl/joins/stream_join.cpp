// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/detail/joins/kstream_join_impl.hpp"

namespace millrace::detail {

// Defined here, so that user files do not compile the special members.
StreamJoin::StreamJoin() = default;
StreamJoin::StreamJoin(const StreamJoin&) = default;
StreamJoin::StreamJoin(StreamJoin&&) noexcept = default;
StreamJoin& StreamJoin::operator=(const StreamJoin&) = default;
StreamJoin& StreamJoin::operator=(StreamJoin&&) noexcept = default;
StreamJoin::~StreamJoin() = default;

namespace {

/// The name of the store in which unmatched records of both sides wait.
std::string shared_store_name(const std::string& base, bool right_outer) {
  return base + (right_outer ? "-outer" : "-left") + "-shared-join-store";
}

// Draws all names of a join. The order is that of Kafka Streams: each draw uses a number, also for names that the user
// has given.
JoinNames draw_join_names(Graph& graph, const std::string& name, const std::string& store_name, bool left_outer,
                          bool right_outer) {
  const std::string this_suffix = right_outer ? "-outer-this-join" : "-this-join";
  const std::string other_suffix = left_outer ? "-outer-other-join" : "-other-join";
  // A given name gets a suffix per node. An empty result means "generate a name".
  const auto named = [&](const std::string& suffix) { return name.empty() ? std::string() : name + suffix; };

  JoinNames names;
  names.this_windowed = graph.name_or(named("-this-windowed"), "KSTREAM-WINDOWED-");
  names.other_windowed = graph.name_or(named("-other-windowed"), "KSTREAM-WINDOWED-");
  // Always drawn, as in Java. Without a store name from the user, the stores' names contain these numbers.
  names.this_generated = graph.new_processor_name(right_outer ? "KSTREAM-OUTERTHIS-" : "KSTREAM-JOINTHIS-");
  names.other_generated = graph.new_processor_name(left_outer ? "KSTREAM-OUTEROTHER-" : "KSTREAM-JOINOTHER-");
  names.this_join = name.empty() ? names.this_generated : named(this_suffix);
  names.other_join = name.empty() ? names.other_generated : named(other_suffix);
  names.merge = graph.name_or(named("-merge"), "KSTREAM-MERGE-");

  names.this_store = store_name.empty() ? names.this_generated + "-store" : store_name + this_suffix + "-store";
  names.other_store = store_name.empty() ? names.other_generated + "-store" : store_name + other_suffix + "-store";
  if (store_name.empty()) {
    // As in Java, the shared store uses the number of the left join node.
    const std::size_t number = names.this_generated.rfind('-');
    names.outer_store = "KSTREAM-OUTERSHARED" + names.this_generated.substr(number) + "-store";
  } else {
    names.outer_store = shared_store_name(store_name, right_outer);
  }
  return names;
}

// As in Kafka Streams, the shared store is in the medium of the left side's store.
std::shared_ptr<const StoreBuilder> make_outer_store(const std::string& name, const StreamJoinedOptions& options) {
  auto store = outer_join_store(name);
  const auto medium = options.left_store ? options.left_store->medium : options.medium;
  StoreSpec& spec = definition_of(store).spec;
  spec.persistent = medium.value_or(StoreMedium::rocksdb) == StoreMedium::rocksdb;
  spec.default_medium = !medium.has_value();
  spec.logging = options.logging;
  spec.log_config = options.log_config;
  return shared_store(std::move(store));
}

// Writes the join nodes and connects the stores. The window nodes are nodes of their own, written before.
void write_join(const StreamJoin& join, const GraphNode& node, TopologyBuilder& builder) {
  const JoinNames& names = join.names;
  // A self-join: one store, and one node in place of both sides and the merge.
  if (node.self_join) {
    builder.add_processor(names.merge, join.self, {names.this_windowed});
    builder.add_state_store(join.left_store, {names.this_windowed, names.merge});
    return;
  }
  builder.add_processor(names.this_join, join.left, {names.this_windowed});
  builder.add_processor(names.other_join, join.right, {names.other_windowed});
  builder.add_processor(names.merge, join.merge, {names.this_join, names.other_join});
  // Each side's store is written by its window node and read by the other side's join node.
  builder.add_state_store(join.left_store, {names.this_windowed, names.other_join});
  builder.add_state_store(join.right_store, {names.other_windowed, names.this_join});
  if (join.outer_store) builder.add_state_store(join.outer_store, {names.this_join, names.other_join});
}

// Adds a node that stores one side's records.
void add_window_node(Graph& graph, const std::string& name, NodeFactory factory, GraphNode* parent) {
  GraphNode node(name);
  node.write = write_processor(std::move(factory));
  graph.add(std::move(node), {parent});
}

}  // namespace

// `own`: the store that the user gave for this side. The user's store is always logged.
std::shared_ptr<const StoreBuilder> join_store(StoreBuilder store, const StreamJoinedOptions& options,
                                               const std::optional<StreamJoinedOptions::Store>& own) {
  const auto medium = own ? own->medium : options.medium.value_or(StoreMedium::rocksdb);
  StoreSpec& spec = definition_of(store).spec;
  spec.persistent = medium == StoreMedium::rocksdb;
  spec.default_medium = !own && !options.medium.has_value();
  spec.logging = own || options.logging;
  if (!own) spec.log_config = options.log_config;
  // As in Kafka Streams, the changelog of a join window store has the headers of the stored record.
  spec.log_headers = LoggedHeaders::all;
  return shared_store(std::move(store));
}

// Names the nodes and stores. The caller then adds the typed factories, and add_stream_join() adds the nodes.
StreamJoin plan_stream_join(const StreamPosition& left, const StreamPosition& right, const StreamJoinedOptions& options,
                            const JoinWindows& windows, JoinOuter outer) {
  Graph& graph = *left.graph;
  StreamJoin join;
  join.sources = left.sources;
  join.sources.insert(right.sources.begin(), right.sources.end());
  join.null_key_relaxed = outer.left;
  join.names = draw_join_names(graph, options.name, options.store_name, outer.left, outer.right);
  // Records with equal keys must reach the same task.
  graph.require_copartitioning(join.sources, join.names.merge);
  // Stores of the user keep their names. The shared store is named after the left one.
  if (options.left_store) {
    join.names.this_store = options.left_store->name;
    join.names.outer_store = shared_store_name(join.names.this_store, outer.right);
  }
  if (options.right_store) join.names.other_store = options.right_store->name;
  // Records wait only in a left or outer join, and only with new-style windows.
  if (outer.left && windows.waits_for_close()) join.outer_store = make_outer_store(join.names.outer_store, options);
  return join;
}

StreamPosition add_stream_join(StreamJoin join, const StreamPosition& left, const StreamPosition& right) {
  Graph& graph = *left.graph;
  add_window_node(graph, join.names.this_windowed, std::move(join.left_window), left.node);
  add_window_node(graph, join.names.other_windowed, std::move(join.right_window), right.node);

  GraphNode node(join.names.merge);
  node.null_key_relaxed_join = join.null_key_relaxed;
  node.joined_windows = JoinedWindows{join.names.this_windowed, join.names.other_windowed};
  StreamPosition next = left;
  next.name = join.names.merge;
  next.sources = std::move(join.sources);
  // Both inputs were partitioned by the key before the join.
  next.key_changed = false;
  next.versioned = left.versioned && right.versioned;
  node.write = [join = std::move(join)](const GraphNode& self, TopologyBuilder& builder) {
    write_join(join, self, builder);
  };
  next.node = &graph.add(std::move(node), {left.node, right.node});
  return next;
}

}  // namespace millrace::detail
