// SPDX-License-Identifier: Apache-2.0
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

/// A node of a topology, before any task exists. A plain value.
struct NodeSpec {
  enum class Kind { source, processor, sink };

  // Not inline: otherwise every file with a topology would compile them.
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
  std::vector<std::string> stores;              ///< in the order in which they were connected
  std::vector<std::string> topics;              ///< source: the topics it reads; sink: the topic it writes
  std::optional<std::string> pattern;           ///< source: a regular expression in place of topics
  std::optional<AutoOffsetReset> offset_reset;  ///< source: overrides auto.offset.reset
  bool dynamic_topic = false;                   ///< sink: chooses a topic for each record
  std::string extractor_class;  ///< sink with dynamic_topic: the type of the user's function, for descriptions
  /// The node's key and value types. If set, add_processor() and add_sink() compare them with the neighbours' types.
  using Types = std::pair<std::type_index, std::type_index>;
  std::optional<Types> takes = {};  ///< of its input; unset: not checked
  std::optional<Types> gives = {};  ///< of its output; unset: see check_types in topology_builder.cpp
  bool global = false;              ///< source or processor of a global store; belongs to no task
};

/// A topic that the application creates. The name is without the application's prefix.
struct InternalTopic {
  std::string name;
  std::optional<std::int32_t> partitions;  ///< set: the user asked for this number
};

/// Sources whose topics must have the same number of partitions, because records with equal keys must meet in `node`.
struct CopartitionGroup {
  std::set<std::string> sources;
  std::string node;
};

/// Collects the nodes, stores and internal topics of a topology. Each is checked when it is added. Build phase only,
/// one thread; afterwards any thread may read it. (Kafka Streams: `InternalTopologyBuilder`.)
///
/// Errors: TopologyException names the node, store or topic.
class TopologyBuilder {
 public:
  /// Adds a node. Its predecessors must have been added before.
  void add_source(NodeSpec spec);
  void add_processor(std::string name, NodeFactory factory, std::vector<std::string> predecessors);
  void add_processor(NodeSpec spec);
  void add_sink(NodeSpec spec);

  /// Adds a store and connects it to these processors. The same builder object may be added again.
  void add_state_store(std::shared_ptr<const StoreBuilder> store, const std::vector<std::string>& processors = {});
  /// Lets a processor use stores that were added before.
  void connect(const std::string& processor, const std::vector<std::string>& stores);

  /// Adds a global store. Every instance fills it from all partitions of `source`'s only topic, through `processor`.
  /// Any node may read it without a connection. Its topic serves as its changelog, so the store itself must not be
  /// logged.
  void add_global_store(NodeSpec source, const std::string& processor, NodeFactory factory,
                        std::shared_ptr<const StoreBuilder> store);

  /// `topic` is the changelog of `store`, which must not be logged itself. The name is that in the topology.
  void use_source_as_changelog(const std::string& store, const std::string& topic);

  /// `store` is the table of `topic`: each record of the topic is put into the store under the record's key. The store
  /// gets no other records. So the store can be rebuilt from the topic, even if the topic is not its changelog.
  void use_as_table_of(const std::string& store, const std::string& topic);

  void add_internal_topic(InternalTopic topic);

  void require_copartitioning(CopartitionGroup group);

  [[nodiscard]] const std::vector<NodeSpec>& nodes() const { return nodes_; }
  [[nodiscard]] const std::map<std::string, std::shared_ptr<const StoreBuilder>>& stores() const { return stores_; }
  /// The topic of each global store. stores() contains global stores too.
  [[nodiscard]] const std::map<std::string, std::string>& global_stores() const { return global_stores_; }
  /// The source topic of each store that is restored from it.
  [[nodiscard]] const std::map<std::string, std::string>& source_changelogs() const { return source_changelogs_; }
  /// By store: the topic of use_as_table_of().
  [[nodiscard]] const std::map<std::string, std::string>& tables() const { return tables_; }
  [[nodiscard]] const std::map<std::string, InternalTopic>& internal_topics() const { return internal_topics_; }
  [[nodiscard]] const std::vector<CopartitionGroup>& copartition_groups() const { return copartition_groups_; }
  /// Throws TopologyException if there is no such node.
  [[nodiscard]] const NodeSpec& node(const std::string& name) const;

 private:
  void add_node(NodeSpec spec);
  void check_topics(const NodeSpec& source) const;

  std::vector<NodeSpec> nodes_;               // in insertion order, so predecessors come first
  std::map<std::string, std::size_t> index_;  // position in nodes_, by name
  std::map<std::string, std::shared_ptr<const StoreBuilder>> stores_;
  std::map<std::string, std::string> source_of_topic_;  // name of the source that reads a topic
  std::map<std::string, std::string> global_stores_;
  std::map<std::string, std::string> source_changelogs_;
  std::map<std::string, std::string> tables_;
  std::map<std::string, InternalTopic> internal_topics_;
  std::vector<CopartitionGroup> copartition_groups_;
};

}  // namespace millrace::detail
