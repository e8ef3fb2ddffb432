#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <typeindex>
#include <utility>
#include <vector>

#include "millrace/processor/auto_offset_reset.hpp"
#include "millrace/processor/detail/node.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace::detail {

/// One node of a topology, before any task exists.
struct NodeSpec {
  enum class Kind { source, processor, sink };

  // Not inline: each file with a topology would compile them.
  NodeSpec();
  NodeSpec(const NodeSpec&);
  NodeSpec(NodeSpec&&) noexcept;
  NodeSpec& operator=(const NodeSpec&);
  NodeSpec& operator=(NodeSpec&&) noexcept;
  ~NodeSpec();

  Kind kind = Kind::processor;
  std::string name;
  NodeFactory factory;
  std::vector<std::string> predecessors;
  std::vector<std::string> stores;     ///< in the order in which they were connected
  std::vector<std::string> topics;     ///< source: subscribed; sink: the one written
  std::optional<std::string> pattern;  ///< source: a regular expression instead of topics
  std::optional<AutoOffsetReset> offset_reset;
  bool dynamic_topic = false;   ///< sink that chooses its topic per record
  std::string extractor_class;  ///< type of the function that chooses, for descriptions
  /// Key and value types, if they are to be compared with those of the neighbours before there is a task.
  using Types = std::pair<std::type_index, std::type_index>;
  std::optional<Types> takes = {};
  std::optional<Types> gives = {};
  bool global = false;  ///< source or processor of a global store: belongs to no task
};

/// A topic that the application makes for itself; named without the application's prefix.
struct InternalTopic {
  std::string name;
  std::optional<std::int32_t> partitions;  ///< set: the user asked for this number
};

/// Sources whose topics must have the same number of partitions, because equal keys of theirs meet in one node.
struct CopartitionGroup {
  std::set<std::string> sources;
  std::string node;
};

/// Collects the nodes, stores and internal topics of a topology and checks them as they come.
/// (Kafka Streams: `InternalTopologyBuilder`.) All errors: TopologyException naming the node, store or topic.
class TopologyBuilder {
 public:
  void add_source(NodeSpec spec);
  void add_processor(std::string name, NodeFactory factory, std::vector<std::string> predecessors);
  void add_processor(NodeSpec spec);
  void add_sink(NodeSpec spec);

  /// Connects the store to these processors; the same builder object may be added again.
  void add_state_store(std::shared_ptr<const StoreBuilder> store, const std::vector<std::string>& processors = {});
  void connect(const std::string& processor, const std::vector<std::string>& stores);

  /// A store that every instance fills from all partitions of `source`'s one topic, through `processor`. Any node may
  /// read it without being connected. The store has no changelog of its own: its topic is that.
  void add_global_store(NodeSpec source, const std::string& processor, NodeFactory factory,
                        std::shared_ptr<const StoreBuilder> store);

  /// The topic (as the topology names it) is the changelog of a store that has none of its own.
  void use_source_as_changelog(const std::string& store, const std::string& topic);

  void add_internal_topic(InternalTopic topic);

  void require_copartitioning(CopartitionGroup group);

  [[nodiscard]] const std::vector<NodeSpec>& nodes() const { return nodes_; }
  [[nodiscard]] const std::map<std::string, std::shared_ptr<const StoreBuilder>>& stores() const { return stores_; }
  /// Global stores (which stores() has as well), each with its topic.
  [[nodiscard]] const std::map<std::string, std::string>& global_stores() const { return global_stores_; }
  /// Stores that are restored from the topic of a source, each with that topic.
  [[nodiscard]] const std::map<std::string, std::string>& source_changelogs() const { return source_changelogs_; }
  [[nodiscard]] const std::map<std::string, InternalTopic>& internal_topics() const { return internal_topics_; }
  [[nodiscard]] const std::vector<CopartitionGroup>& copartition_groups() const { return copartition_groups_; }
  [[nodiscard]] const NodeSpec& node(const std::string& name) const;

 private:
  void add_node(NodeSpec spec);
  void check_topics(const NodeSpec& source) const;

  std::vector<NodeSpec> nodes_;
  std::map<std::string, std::size_t> index_;
  std::map<std::string, std::shared_ptr<const StoreBuilder>> stores_;
  std::map<std::string, std::string> source_of_topic_;
  std::map<std::string, std::string> global_stores_;
  std::map<std::string, std::string> source_changelogs_;
  std::map<std::string, InternalTopic> internal_topics_;
  std::vector<CopartitionGroup> copartition_groups_;
};

}  // namespace millrace::detail
