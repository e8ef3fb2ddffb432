// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

#include "millrace/processor/detail/topology_builder.hpp"
#include "millrace/processor/topology.hpp"

namespace millrace::detail {

/// The nodes of a repartitioning: filter -> sink -> internal topic -> source. A plain value, kept by a GraphNode. All
/// names are final when it is made; the optimizer may drop it or use it for several operators.
struct Repartition {
  std::string topic;  ///< without the prefix `<application.id>-`
  std::string filter_name;
  std::string sink_name;
  std::string source_name;
  std::optional<std::int32_t> partitions;  ///< set: the user asked for this number
  // A plain function pointer and not a std::function, which would have to be compiled for each pair of types.
  std::unique_ptr<NodeBase> (*make_filter)(bool drop_null_keys) = nullptr;
  NodeFactory make_sink;
  NodeFactory make_source;
  bool mergeable = true;  ///< false: the user asked for this repartitioning, so the optimizer keeps it
};

/// The names of the nodes that store the two sides of a stream-stream join. The optimizer finds self-joins by them.
struct JoinedWindows {
  std::string left;
  std::string right;
};

/// What the configuration `topology.optimization` turns on.
struct Optimizations {
  bool reuse_table_sources = false;     ///< use a table's source topic as its changelog
  bool merge_repartitions = false;      ///< share one repartition topic among several operators
  bool single_store_self_join = false;  ///< a self-join needs one window store only

  /// Accepts `none`, `all`, or a comma-separated list of `reuse.ktable.source.topics`, `merge.repartition.topics` and
  /// `single.store.self.join`. Throws ConfigException for anything else.
  [[nodiscard]] static Optimizations parse(std::string_view text);
};

/// A source before the topology is written. Sources of the same topics are merged.
struct GraphSource {
  std::vector<std::string> topics;  ///< empty if `pattern` is set
  std::optional<std::string> pattern;
  std::optional<AutoOffsetReset> offset_reset;
  std::pair<std::type_index, std::type_index> types;  ///< of key and value; merged sources must agree
  NodeFactory make_source;
};

/// One call of the DSL, before optimization. `write` turns it into nodes of the topology. Owned by its Graph; parents
/// and children are pointers within the same graph. (Kafka Streams: `GraphNode` and its subclasses.)
struct GraphNode {
  // Not inline: otherwise every file with a topology would compile them.
  explicit GraphNode(std::string node_name);
  GraphNode(const GraphNode&) = delete;
  GraphNode(GraphNode&&) noexcept;
  GraphNode& operator=(const GraphNode&) = delete;
  GraphNode& operator=(GraphNode&&) noexcept;
  ~GraphNode();

  std::string name;  ///< the topology node that children are connected to
  /// Both ends of each edge are kept, because the optimizer searches in both directions.
  std::vector<GraphNode*> parents;
  std::vector<GraphNode*> children;
  int priority = 0;                    ///< position in the order of creation; nodes are written in this order
  bool written = false;                ///< already in the topology
  bool changes_key = false;            ///< may change keys: a repartitioning behind it cannot move before it
  bool changes_value = false;          ///< may change values
  bool merges = false;                 ///< a merge of two streams
  bool null_key_relaxed_join = false;  ///< a left or outer join downstream needs records with a null key
  std::optional<Repartition> repartition;
  bool drop_null_keys = false;  ///< for `repartition`; decided when the graph is complete
  std::optional<GraphSource> source;
  bool reads_table = false;                     ///< reads a table from a topic, which can also be the table's changelog
  bool reuse_source_topic = false;              ///< the topic is the changelog; decided in build()
  std::optional<std::int64_t> window_grace_ms;  ///< windowed aggregations: how long after its end a window can change
  std::optional<JoinedWindows> joined_windows;  ///< for stream-stream joins
  bool self_join = false;  ///< joins a stream with itself and needs the left store only; decided in build()
  /// Adds this node's topology nodes to the builder.
  using Write = std::function<void(const GraphNode&, TopologyBuilder&)>;
  Write write;

  [[nodiscard]] std::vector<std::string> parent_names() const;
};

/// The graph of DSL calls. It also generates names, and turns the graph into a topology. Shared by all KStream and
/// KTable handles of one StreamsBuilder. Build phase only, one thread. (Kafka Streams: `InternalStreamsBuilder`.)
class Graph {
 public:
  Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph();

  [[nodiscard]] static std::shared_ptr<Graph> make();

  /// Returns `<prefix><10-digit number>`. Nodes and stores share one counter, as in Java, so that names are equal to
  /// Java's.
  [[nodiscard]] std::string new_processor_name(const std::string& prefix);
  /// As new_processor_name(), for a store: `<prefix>STATE-STORE-<10-digit number>`.
  [[nodiscard]] std::string new_store_name(const std::string& prefix);

  /// Returns `given`, or a generated name if it is empty. As in Java a number is used up in both cases.
  [[nodiscard]] std::string name_or(const std::string& given, const std::string& prefix);

  /// Adds a node behind its parents. The graph owns it; the reference stays valid.
  GraphNode& add(GraphNode node, const std::vector<GraphNode*>& parents);
  /// Gives a node a new priority, as if it was added again now. Kafka Streams does this if several aggregations share
  /// one repartition topic.
  void add_again(GraphNode& node) { node.priority = next_priority_++; }
  /// Adds a node without parents.
  GraphNode& add_source(GraphNode node);
  /// Throws TopologyException if another store has the same name.
  void add_state_store(std::shared_ptr<const StoreBuilder> store);
  /// The topics of these sources must have the same number of partitions, because their records meet at `node`.
  void require_copartitioning(std::set<std::string> sources, std::string node);

  /// Generates the names for a repartitioning through the topic `<prefix>-repartition`. Always uses up three numbers.
  [[nodiscard]] Repartition new_repartition(const std::string& prefix);

  /// Merges equal sources, optimizes, decides about null keys and writes the nodes in Kafka Streams' order.
  /// `names_given`: throws if a store or internal topic has a generated name. Can be called once.
  [[nodiscard]] Topology build(const Optimizations& optimizations = {}, bool names_given = false);

 private:
  // The steps of build(), in this order. See the definitions.
  void merge_sources();
  void optimize(const Optimizations& optimizations);
  void decide_null_keys();

  std::vector<std::unique_ptr<GraphNode>> nodes_;  // owned; pointers to them stay valid
  GraphNode* root_ = nullptr;                      // the parent of all sources; writes nothing
  int next_priority_ = 0;
  int next_number_ = 0;                    // the number of the next generated name
  std::set<std::string> generated_names_;  // see build(): names_given
  // Stores that the user has added without an operator, and the groups of require_copartitioning().
  std::vector<std::shared_ptr<const StoreBuilder>> stores_;
  std::vector<CopartitionGroup> copartitioned_;
  bool built_ = false;
};

/// Writes `node` as one processor. Its stores are `connected`, by name, and `added`, which are added to the topology.
[[nodiscard]] GraphNode::Write write_processor(NodeFactory factory, std::vector<std::string> connected = {},
                                               std::vector<std::shared_ptr<const StoreBuilder>> added = {});

/// Writes `node` as a sink of this topic.
[[nodiscard]] GraphNode::Write write_sink(NodeFactory factory, std::string topic);
/// Writes `node` as a sink that chooses a topic for each record. `extractor_class`: the type of the user's function.
[[nodiscard]] GraphNode::Write write_dynamic_sink(NodeFactory factory, std::string extractor_class);

// For an internal topic, whose name is given without the application's prefix. `node` becomes a sink of the topic, a
// source of it, or both. With both, `node` has the source's name, and the sink is behind the node's parents.
[[nodiscard]] GraphNode::Write write_internal_sink(std::string topic, NodeFactory make_sink);
[[nodiscard]] GraphNode::Write write_internal_source(std::string topic, NodeFactory make_source);
[[nodiscard]] GraphNode::Write write_internal_topic(std::string topic, std::string sink_name, NodeFactory make_sink,
                                                    NodeFactory make_source);

}  // namespace millrace::detail
