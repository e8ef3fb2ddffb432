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

/// What a repartitioning inserts: filter -> sink -> internal topic -> source.
struct Repartition {
  std::string topic;  ///< without the application's prefix
  std::string filter_name;
  std::string sink_name;
  std::string source_name;
  std::optional<std::int32_t> partitions;  ///< set: the user asked for this number
  std::unique_ptr<NodeBase> (*make_filter)(bool drop_null_keys) = nullptr;
  NodeFactory make_sink;
  NodeFactory make_source;
  bool mergeable = true;  ///< false: the user asked for it
};

/// The nodes that store the two sides of a stream-stream join.
struct JoinedWindows {
  std::string left;
  std::string right;
};

/// Parts of `topology.optimization`.
struct Optimizations {
  bool reuse_table_sources = false;
  bool merge_repartitions = false;
  bool single_store_self_join = false;

  /// `none`, `all`, or a list of `reuse.ktable.source.topics`, `merge.repartition.topics` and
  /// `single.store.self.join` with commas between. Throws ConfigException.
  [[nodiscard]] static Optimizations parse(std::string_view text);
};

/// A source before the topology is written; sources of equal topics are merged.
struct GraphSource {
  std::vector<std::string> topics;
  std::optional<std::string> pattern;
  std::optional<AutoOffsetReset> offset_reset;
  std::pair<std::type_index, std::type_index> types;  ///< of key and value
  NodeFactory make_source;
};

/// A call of the DSL, before optimisation. Its `write` turns it into nodes of the topology.
/// (Kafka Streams: `GraphNode` and its subclasses.)
struct GraphNode {
  // Not inline: each file with a topology would compile them.
  explicit GraphNode(std::string node_name);
  GraphNode(const GraphNode&) = delete;
  GraphNode(GraphNode&&) noexcept;
  GraphNode& operator=(const GraphNode&) = delete;
  GraphNode& operator=(GraphNode&&) noexcept;
  ~GraphNode();

  std::string name;  ///< of the topology node that children follow
  std::vector<GraphNode*> parents;
  std::vector<GraphNode*> children;
  int priority = 0;  ///< order of creation
  bool written = false;
  bool changes_key = false;
  bool changes_value = false;
  bool merges = false;
  bool null_key_relaxed_join = false;  ///< a left or outer join downstream wants null keys as well
  std::optional<Repartition> repartition;
  bool drop_null_keys = false;  ///< of the repartition; decided when the graph is complete
  std::optional<GraphSource> source;
  bool reads_table = false;                     ///< of a topic, which may serve as the table's changelog
  bool reuse_source_topic = false;              ///< and does; decided in build()
  std::optional<std::int64_t> window_grace_ms;  ///< of a windowed aggregation: how long after its end a window changes
  std::optional<JoinedWindows> joined_windows;  ///< of a stream-stream join
  bool self_join = false;                       ///< it needs only the left one's store; decided in build()
  using Write = std::function<void(const GraphNode&, TopologyBuilder&)>;
  Write write;

  [[nodiscard]] std::vector<std::string> parent_names() const;
};

/// The graph that DSL calls build, the generator of node names, and the way from there to a topology.
/// (Kafka Streams: `InternalStreamsBuilder`.)
class Graph {
 public:
  Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph();

  [[nodiscard]] static std::shared_ptr<Graph> make();

  /// `<prefix><10-digit number>`. One counter for nodes and stores.
  [[nodiscard]] std::string new_processor_name(const std::string& prefix);
  [[nodiscard]] std::string new_store_name(const std::string& prefix);

  /// The given name, or a generated one; the number is drawn either way, as in Java.
  [[nodiscard]] std::string name_or(const std::string& given, const std::string& prefix);

  GraphNode& add(GraphNode node, const std::vector<GraphNode*>& parents);
  /// Moves a node behind those added since it was, as if it was added once more: Kafka Streams does so where several
  /// aggregations share one repartition topic.
  void add_again(GraphNode& node) { node.priority = next_priority_++; }
  GraphNode& add_source(GraphNode node);
  void add_state_store(std::shared_ptr<const StoreBuilder> store);
  /// `node` is where records of these sources meet.
  void require_copartitioning(std::set<std::string> sources, std::string node);

  /// Names for a repartitioning through `<prefix>-repartition`; always draws three numbers.
  [[nodiscard]] Repartition new_repartition(const std::string& prefix);

  /// Merges equal sources, decides on null keys and writes the nodes in Kafka Streams' order.
  /// `names_given`: refuses stores and internal topics with generated names.
  [[nodiscard]] Topology build(const Optimizations& optimizations = {}, bool names_given = false);

 private:
  void merge_sources();
  void optimize(const Optimizations& optimizations);
  void decide_null_keys();

  std::vector<std::unique_ptr<GraphNode>> nodes_;
  GraphNode* root_ = nullptr;
  int next_priority_ = 0;
  int next_number_ = 0;
  std::set<std::string> generated_names_;
  std::vector<std::shared_ptr<const StoreBuilder>> stores_;
  std::vector<CopartitionGroup> copartitioned_;
  bool built_ = false;
};

/// Writes `node` as one processor with these stores (those in `added` are added first).
[[nodiscard]] GraphNode::Write write_processor(NodeFactory factory, std::vector<std::string> connected = {},
                                               std::vector<std::shared_ptr<const StoreBuilder>> added = {});

/// Writes `node` as a sink of this topic.
[[nodiscard]] GraphNode::Write write_sink(NodeFactory factory, std::string topic);
/// Writes `node` as a sink that chooses the topic of each record. `extractor_class`: the type of what chooses it.
[[nodiscard]] GraphNode::Write write_dynamic_sink(NodeFactory factory, std::string extractor_class);

// A topic that the application makes, without its prefix: writes `node` as a sink of it, as a source, or as both. The
// last goes by the source's name; the sink follows the node's parents.
[[nodiscard]] GraphNode::Write write_internal_sink(std::string topic, NodeFactory make_sink);
[[nodiscard]] GraphNode::Write write_internal_source(std::string topic, NodeFactory make_source);
[[nodiscard]] GraphNode::Write write_internal_topic(std::string topic, std::string sink_name, NodeFactory make_sink,
                                                    NodeFactory make_source);

}  // namespace millrace::detail
