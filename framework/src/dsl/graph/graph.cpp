// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/detail/graph.hpp"

#include <algorithm>
#include <cstdio>
#include <queue>
#include <regex>
#include <unordered_map>

#include "dsl/graph/optimization.hpp"
#include "dsl/graph/resource_names.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/dsl/named.hpp"

namespace millrace::detail {
namespace {

/// Moves all children of `from` to `to`, and removes `from` from the graph.
void merge_into(GraphNode& to, GraphNode& from, GraphNode& root) {
  // A copy, because the loop may change the edges that it iterates over.
  const auto children = from.children;
  for (GraphNode* child : children) {
    // A child of both keeps `to` as parent once.
    if (std::ranges::find(child->parents, &to) != child->parents.end()) {
      std::erase(child->parents, &from);
    } else {
      std::ranges::replace(child->parents, &from, &to);
    }
    if (std::ranges::find(to.children, child) == to.children.end()) to.children.push_back(child);
  }
  from.children.clear();
  unlink(root, from);
}

// The node `name` writes to `topic`. `predecessors` must be in the topology already.
void add_sink(TopologyBuilder& builder, const std::string& name, const std::string& topic, NodeFactory factory,
              std::vector<std::string> predecessors) {
  NodeSpec spec;
  spec.name = name;
  spec.factory = std::move(factory);
  spec.predecessors = std::move(predecessors);
  spec.topics = {topic};
  builder.add_sink(std::move(spec));
}

void add_source(TopologyBuilder& builder, const std::string& name, const std::string& topic, NodeFactory factory) {
  NodeSpec spec;
  spec.name = name;
  spec.factory = std::move(factory);
  spec.topics = {topic};
  builder.add_source(std::move(spec));
}

// Writes filter, sink, topic and source of a repartitioning.
void write_repartition(const GraphNode& node, TopologyBuilder& builder) {
  const Repartition& repartition = *node.repartition;
  builder.add_internal_topic({repartition.topic, repartition.partitions});
  // Copies for the factory: the graph may be gone when tasks make their nodes.
  const auto make_filter = repartition.make_filter;
  const bool drop_null_keys = node.drop_null_keys;
  builder.add_processor(
      repartition.filter_name, [make_filter, drop_null_keys] { return make_filter(drop_null_keys); },
      node.parent_names());
  add_sink(builder, repartition.sink_name, repartition.topic, repartition.make_sink, {repartition.filter_name});
  add_source(builder, repartition.source_name, repartition.topic, repartition.make_source);
}

// Writes a source of user topics. Sources of the same topics have been merged before.
void write_source(const GraphNode& node, TopologyBuilder& builder) {
  NodeSpec spec;
  spec.name = node.name;
  spec.factory = node.source->make_source;
  spec.topics = node.source->topics;
  spec.pattern = node.source->pattern;
  spec.offset_reset = node.source->offset_reset;
  builder.add_source(std::move(spec));
}

}  // namespace

std::vector<std::string> GraphNode::parent_names() const {
  std::vector<std::string> names;
  for (const GraphNode* parent : parents) {
    // List a parent once, even if it is a parent twice because two sources were merged.
    if (std::ranges::find(names, parent->name) == names.end()) names.push_back(parent->name);
  }
  return names;
}

// The root node gets the first priority, so the topology begins with it.
Graph::Graph() {
  nodes_.push_back(std::make_unique<GraphNode>("root"));
  root_ = nodes_.back().get();
  root_->priority = next_priority_++;
  // The root is no topology node; it only holds the sources together.
  root_->written = true;
}

// Defined here, so that user files do not compile the destruction of a graph.
Graph::~Graph() = default;

GraphNode::GraphNode(std::string node_name) : name(std::move(node_name)) {}
GraphNode::GraphNode(GraphNode&&) noexcept = default;
GraphNode& GraphNode::operator=(GraphNode&&) noexcept = default;
GraphNode::~GraphNode() = default;

std::shared_ptr<Graph> Graph::make() { return std::make_shared<Graph>(); }

// The partition counts are compared later, when the topics are known.
void Graph::require_copartitioning(std::set<std::string> sources, std::string node) {
  copartitioned_.push_back({std::move(sources), std::move(node)});
}

// The names are also kept, so that build() can find resources with generated names.
std::string Graph::new_processor_name(const std::string& prefix) {
  char number[16];
  // Ten digits, as in Java: names in the topology must be equal, because store and topic names contain them.
  std::snprintf(number, sizeof number, "%010d", next_number_++);
  return *generated_names_.insert(prefix + number).first;
}

std::string Graph::new_store_name(const std::string& prefix) { return new_processor_name(prefix + "STATE-STORE-"); }

// Throws TopologyException for a name that Kafka would refuse as part of a topic's name.
std::string Graph::name_or(const std::string& given, const std::string& prefix) {
  // Draw the number in any case, as Java does.
  if (!given.empty()) require_legal_name(given);
  std::string generated = new_processor_name(prefix);
  return given.empty() ? generated : given;
}

GraphNode& Graph::add(GraphNode node, const std::vector<GraphNode*>& parents) {
  auto owned = std::make_unique<GraphNode>(std::move(node));
  owned->priority = next_priority_++;
  for (GraphNode* parent : parents) link(*parent, *owned);
  nodes_.push_back(std::move(owned));
  return *nodes_.back();
}

GraphNode& Graph::add_source(GraphNode node) {
  if (node.source && node.source->pattern) {
    // Compile the pattern only to report a mistake now, with the name of the source.
    try {
      (void)std::regex(*node.source->pattern);
    } catch (const std::regex_error& error) {
      throw TopologyException("source '" + node.name + "' reads topics that match '" + *node.source->pattern +
                              "', which is not a regular expression: " + error.what());
    }
  }
  // The root is the parent of all sources, so one traversal finds all nodes.
  return add(std::move(node), {root_});
}

void Graph::add_state_store(std::shared_ptr<const StoreBuilder> store) {
  for (const auto& known : stores_) {
    // The same builder may be added again, for example by two suppliers that share a store.
    if (known->name() == store->name() && known != store) {
      throw TopologyException("there are two state stores named '" + store->name() + "'");
    }
  }
  stores_.push_back(std::move(store));
}

Repartition Graph::new_repartition(const std::string& prefix) {
  static const std::string kSuffix = "-repartition";
  // A prefix that is a generated name: the nodes get generated names too.
  static const std::regex kGenerated("KSTREAM.*-[0-9]{10}");

  Repartition result;
  // The prefix may be a topic's name already, if repartitionings are merged.
  result.topic = prefix.ends_with(kSuffix) ? prefix : prefix + kSuffix;
  // Java always draws these three numbers.
  result.sink_name = new_processor_name("KSTREAM-SINK-");
  result.filter_name = new_processor_name("KSTREAM-FILTER-");
  result.source_name = new_processor_name("KSTREAM-SOURCE-");
  if (!std::regex_match(prefix, kGenerated)) {
    result.sink_name = result.topic + "-sink";
    result.filter_name = result.topic + "-filter";
    result.source_name = result.topic + "-source";
  }
  return result;
}

// Two sources of the same topics would read every record twice. Merge the later one into the earlier one.
void Graph::merge_sources() {
  std::map<std::string, GraphNode*> by_topic;
  std::map<std::string, GraphNode*> by_pattern;
  const auto sources = root_->children;
  for (GraphNode* node : sources) {
    if (!node->source) continue;
    GraphNode* same = nullptr;
    if (node->source->pattern) {
      // The first source of a pattern is kept.
      same = by_pattern.emplace(*node->source->pattern, node).first->second;
    } else {
      for (const std::string& topic : node->source->topics) {
        GraphNode* known = by_topic.emplace(topic, node).first->second;
        if (known == node) continue;
        // A topic can be read once only, so sources with a common topic must have all topics in common.
        if (!std::ranges::is_permutation(known->source->topics, node->source->topics)) {
          throw TopologyException("sources '" + known->name + "' and '" + node->name +
                                  "' subscribe to overlapping but not equal topics; both read '" + topic + "'");
        }
        same = known;
      }
    }
    if (same == nullptr || same == node) continue;
    // A topic is decoded once, so both handles must have the same types and the same start.
    if (same->source->types != node->source->types) {
      throw TopologyException("sources '" + same->name + "' and '" + node->name +
                              "' read the same topics as different types: read them once and map the values");
    }
    if (same->source->offset_reset != node->source->offset_reset) {
      throw TopologyException("sources '" + same->name + "' and '" + node->name +
                              "' read the same topics from different places: give both the same AutoOffsetReset");
    }
    merge_into(*same, *node, *root_);
    // Groups refer to sources by name, and the merged source has lost its name.
    for (auto& group : copartitioned_) {
      if (group.sources.erase(node->name) > 0) group.sources.insert(same->name);
    }
  }
}

// A repartitioning drops records without a key, unless a left or outer join downstream needs them.
void Graph::decide_null_keys() {
  std::unordered_map<const GraphNode*, bool> wants_null_keys;
  // True if a left or outer join that keeps null keys is downstream of the node. The results are remembered, because
  // paths that split and merge again would visit nodes many times.
  const std::function<bool(const GraphNode&)> visit = [&](const GraphNode& node) {
    const auto known = wants_null_keys.find(&node);
    if (known != wants_null_keys.end()) return known->second;
    bool wanted = false;
    for (const GraphNode* child : node.children) wanted |= visit(*child) || child->null_key_relaxed_join;
    return wants_null_keys[&node] = wanted;
  };
  for (const auto& node : nodes_) {
    if (node->repartition) node->drop_null_keys = !visit(*node);
  }
}

// The order is Kafka Streams': source topics, then repartitionings, then self-joins.
void Graph::optimize(const Optimizations& optimizations) {
  if (optimizations.reuse_table_sources) {
    // The store is then restored from the source topic, and the table has no changelog topic of its own.
    for (const auto& node : nodes_) node->reuse_source_topic = node->reads_table;
  }
  if (optimizations.merge_repartitions) {
    auto merger = RepartitionMerger(nodes_, [this](const std::string& prefix) { return new_repartition(prefix); });
    for (const auto& [replaced, replacement] : merger.run()) {
      for (auto& group : copartitioned_) {
        // Co-partitioning is checked by source name, so the new source takes the place of the removed one.
        if (group.sources.erase(replaced) > 0) group.sources.insert(replacement);
      }
    }
  }
  if (optimizations.single_store_self_join) mark_self_joins(nodes_);
}

Topology Graph::build(const Optimizations& optimizations, bool names_given) {
  // build() moves parts of the graph into the topology, so it cannot run twice.
  if (built_) throw TopologyException("build() was called twice on one StreamsBuilder");
  built_ = true;
  // This order matters: merged sources can enable optimizations, and optimizations add and remove repartitionings.
  merge_sources();
  optimize(optimizations);
  decide_null_keys();

  auto builder = std::make_shared<TopologyBuilder>();
  // Nodes are written in the order of their creation, and only after all their parents. Kafka Streams does the same, so
  // the order in describe() is equal.
  const auto later = [](const GraphNode* a, const GraphNode* b) { return a->priority > b->priority; };
  std::priority_queue<GraphNode*, std::vector<GraphNode*>, decltype(later)> queue(later);
  for (const auto& store : stores_) builder->add_state_store(store);
  queue.push(root_);
  while (!queue.empty()) {
    GraphNode* node = queue.top();
    queue.pop();
    const bool ready = std::ranges::all_of(node->parents, [](const GraphNode* parent) { return parent->written; });
    // A node with an unwritten parent is skipped now; that parent queues it again.
    if (ready && !node->written) {
      if (node->source) {
        write_source(*node, *builder);
      } else if (node->repartition) {
        write_repartition(*node, *builder);
      } else {
        node->write(*node, *builder);
      }
      node->written = true;
      // A child with several parents is queued by each of them, and is ready when the last one is written.
      for (GraphNode* child : node->children) queue.push(child);
      // The root counts as written, so its children are queued here.
    } else if (node == root_) {
      for (GraphNode* child : node->children) queue.push(child);
    }
  }
  // After all nodes: a group names its sources, and they must exist.
  for (auto& group : copartitioned_) builder->require_copartitioning(std::move(group));
  if (names_given) require_given_names(*builder, generated_names_);
  return Topology(std::move(builder));
}

// The write_...() functions return what build() does for a node. They copy what they need, because the objects of the
// build phase are gone by then.
GraphNode::Write write_processor(NodeFactory factory, std::vector<std::string> connected,
                                 std::vector<std::shared_ptr<const StoreBuilder>> added) {
  return [factory = std::move(factory), connected = std::move(connected), added = std::move(added)](
             const GraphNode& node, TopologyBuilder& builder) {
    builder.add_processor(node.name, factory, node.parent_names());
    for (const auto& store : added) builder.add_state_store(store, {node.name});
    builder.connect(node.name, connected);
  };
}

GraphNode::Write write_sink(NodeFactory factory, std::string topic) {
  return [factory = std::move(factory), topic = std::move(topic)](const GraphNode& node, TopologyBuilder& builder) {
    add_sink(builder, node.name, topic, factory, node.parent_names());
  };
}

// A sink whose extractor chooses the topic of each record. Java prints the extractor's class in describe().
GraphNode::Write write_dynamic_sink(NodeFactory factory, std::string extractor_class) {
  NodeSpec spec;
  spec.factory = std::move(factory);
  spec.dynamic_topic = true;
  spec.extractor_class = std::move(extractor_class);
  return [spec = std::move(spec)](const GraphNode& node, TopologyBuilder& builder) {
    NodeSpec sink = spec;
    sink.name = node.name;
    sink.predecessors = node.parent_names();
    builder.add_sink(std::move(sink));
  };
}

GraphNode::Write write_internal_sink(std::string topic, NodeFactory make_sink) {
  return [topic = std::move(topic), make_sink = std::move(make_sink)](const GraphNode& node, TopologyBuilder& builder) {
    builder.add_internal_topic({topic, std::nullopt});
    add_sink(builder, node.name, topic, make_sink, node.parent_names());
  };
}

GraphNode::Write write_internal_source(std::string topic, NodeFactory make_source) {
  return [topic = std::move(topic), make_source = std::move(make_source)](
             const GraphNode& node, TopologyBuilder& builder) { add_source(builder, node.name, topic, make_source); };
}

// Sink, topic and source together: the source has the node's name, because later nodes follow it.
GraphNode::Write write_internal_topic(std::string topic, std::string sink_name, NodeFactory make_sink,
                                      NodeFactory make_source) {
  return [topic = std::move(topic), sink_name = std::move(sink_name), make_sink = std::move(make_sink),
          make_source = std::move(make_source)](const GraphNode& node, TopologyBuilder& builder) {
    builder.add_internal_topic({topic, std::nullopt});
    add_sink(builder, sink_name, topic, make_sink, node.parent_names());
    add_source(builder, node.name, topic, make_source);
  };
}

}  // namespace millrace::detail
