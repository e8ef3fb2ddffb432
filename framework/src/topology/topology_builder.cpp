// SPDX-License-Identifier: Apache-2.0
#include "millrace/processor/detail/topology_builder.hpp"

#include <algorithm>
#include <regex>
#include <utility>

#include "millrace/common/errors.hpp"

namespace millrace::detail {

// Defined here, so that user files do not compile the special members.
NodeSpec::NodeSpec() = default;
NodeSpec::NodeSpec(const NodeSpec&) = default;
NodeSpec::NodeSpec(NodeSpec&&) noexcept = default;
NodeSpec& NodeSpec::operator=(const NodeSpec&) = default;
NodeSpec& NodeSpec::operator=(NodeSpec&&) noexcept = default;
NodeSpec::~NodeSpec() = default;

namespace {

/// Compares the types of two nodes if one of them does not declare its types, as nodes of the DSL do not. Makes one
/// instance of each and connects them, as a task does. Throws TopologyException if they do not fit.
void check_types(const NodeSpec& before, const NodeSpec& after) {
  const auto parent = before.factory();
  const auto child = after.factory();
  parent->set_name(before.name);
  child->set_name(after.name);
  parent->connect(*child, nullptr);
}

// Compiles a source's pattern. Throws TopologyException that names the source if it is no regular expression.
[[nodiscard]] std::regex regex_of(const NodeSpec& source) {
  try {
    return std::regex(*source.pattern);
  } catch (const std::regex_error& error) {
    throw TopologyException("source '" + source.name + "' reads topics that match '" + *source.pattern +
                            "', which is not a regular expression: " + error.what());
  }
}

}  // namespace

// Every node is checked when it is added, so an error points to the line of the user's program that is wrong. And
// predecessors always come first in nodes_.
void TopologyBuilder::add_node(NodeSpec spec) {
  if (spec.name.empty()) throw TopologyException("a node needs a name");
  if (index_.contains(spec.name)) throw TopologyException("there are two nodes named '" + spec.name + "'");
  for (const std::string& predecessor : spec.predecessors) {
    const auto found = index_.find(predecessor);
    if (found == index_.end()) {
      throw TopologyException("node '" + spec.name + "' follows '" + predecessor + "', which has not been added");
    }
    const NodeSpec& before = nodes_[found->second];
    if (before.kind == NodeSpec::Kind::sink) {
      throw TopologyException("node '" + spec.name + "' follows '" + predecessor + "', which is a sink");
    }
    // Nodes added by hand declare their types, so they can be compared without making the nodes.
    if (spec.takes && before.gives && spec.takes != before.gives) {
      throw TopologyException("node '" + spec.name + "' cannot follow '" + predecessor +
                              "': it takes other key or value types than that node gives");
    }
    // Nodes of the DSL do not declare types. Only a pair of nodes can tell whether they fit.
    if (spec.takes && !before.gives) check_types(before, spec);
  }
  index_.emplace(spec.name, nodes_.size());
  nodes_.push_back(std::move(spec));
}

// Throws for a source without topics, and for topics that another source reads.
void TopologyBuilder::add_source(NodeSpec spec) {
  spec.kind = NodeSpec::Kind::source;
  if (spec.topics.empty() && !spec.pattern) throw TopologyException("source '" + spec.name + "' has no topic");
  check_topics(spec);
  for (const std::string& topic : spec.topics) {
    // A topic has one source per topology: a second one would get its records twice.
    const auto [found, added] = source_of_topic_.emplace(topic, spec.name);
    if (!added) {
      throw TopologyException("topic '" + topic + "' is read by source '" + found->second + "' and again by '" +
                              spec.name + "': read it once and share the stream");
    }
  }
  add_node(std::move(spec));
}

/// Throws if two sources would read the same topic. A pattern must not match a topic of another source, and must not be
/// the pattern of another source. As in Kafka Streams, a pattern may match the topic of a global store that was added
/// before.
void TopologyBuilder::check_topics(const NodeSpec& source) const {
  const auto refuse = [](const std::string& topic, const std::string& reader, const NodeSpec& with_pattern) {
    throw TopologyException("topic '" + topic + "', which source '" + reader + "' reads, matches the pattern '" +
                            *with_pattern.pattern + "' of source '" + with_pattern.name +
                            "': narrow the pattern, or read the topic by the pattern only");
  };
  if (source.pattern) {
    const std::regex regex = regex_of(source);
    for (const auto& [topic, reader] : source_of_topic_) {
      if (!node(reader).global && std::regex_match(topic, regex)) refuse(topic, reader, source);
    }
  }
  for (const NodeSpec& other : nodes_) {
    if (source.pattern && source.pattern == other.pattern) {
      throw TopologyException("sources '" + other.name + "' and '" + source.name + "' read the same pattern '" +
                              *source.pattern + "': read it once, and give that source more children");
    }
    // The other direction: the topics of the new source against the patterns of known sources.
    if (source.topics.empty() || !other.pattern) continue;
    const std::regex regex = regex_of(other);
    for (const std::string& topic : source.topics) {
      if (std::regex_match(topic, regex)) refuse(topic, source.name, other);
    }
  }
}

// For processors of the DSL, whose types are checked by the compiler.
void TopologyBuilder::add_processor(std::string name, NodeFactory factory, std::vector<std::string> predecessors) {
  NodeSpec spec;
  spec.name = std::move(name);
  spec.factory = std::move(factory);
  spec.predecessors = std::move(predecessors);
  add_processor(std::move(spec));
}

void TopologyBuilder::add_processor(NodeSpec spec) {
  // A node without parents would never get a record.
  if (spec.predecessors.empty()) {
    throw TopologyException("processor '" + spec.name + "' is not connected: name at least one node before it");
  }
  add_node(std::move(spec));
}

void TopologyBuilder::add_sink(NodeSpec spec) {
  spec.kind = NodeSpec::Kind::sink;
  if (spec.predecessors.empty()) {
    throw TopologyException("sink '" + spec.name + "' is not connected: name at least one node before it");
  }
  add_node(std::move(spec));
}

void TopologyBuilder::add_state_store(std::shared_ptr<const StoreBuilder> store,
                                      const std::vector<std::string>& processors) {
  const std::string& name = store->name();
  if (name.empty()) throw TopologyException("a state store needs a name");
  const auto [found, added] = stores_.emplace(name, store);
  // The same builder object may be added again, for example by several aggregations of one store.
  if (!added && found->second != store) throw TopologyException("there are two state stores named '" + name + "'");
  for (const std::string& processor : processors) connect(processor, {name});
}

void TopologyBuilder::connect(const std::string& processor, const std::vector<std::string>& stores) {
  const auto found = index_.find(processor);
  if (found == index_.end()) {
    throw TopologyException("state stores cannot be connected to '" + processor + "': there is no such node");
  }
  NodeSpec& spec = nodes_[found->second];
  // Sources and sinks have no user code that could use a store.
  if (spec.kind != NodeSpec::Kind::processor) {
    throw TopologyException("state stores cannot be connected to '" + processor + "': it is a source or a sink");
  }
  for (const std::string& store : stores) {
    if (!stores_.contains(store)) {
      throw TopologyException("processor '" + processor + "' uses state store '" + store +
                              "', which has not been added: call add_state_store first");
    }
    // A connection would put the processor into the global store's sub-topology.
    if (global_stores_.contains(store)) {
      throw TopologyException("processor '" + processor + "' need not be connected to global store '" + store +
                              "': every processor may read it");
    }
    // Connecting twice is harmless: an operator and its user may both ask for the store.
    if (std::ranges::find(spec.stores, store) == spec.stores.end()) spec.stores.push_back(store);
  }
}

void TopologyBuilder::add_global_store(NodeSpec source, const std::string& processor, NodeFactory factory,
                                       std::shared_ptr<const StoreBuilder> store) {
  const std::string& name = store->name();
  // The store is restored from this topic, so there can be only one.
  if (source.topics.size() != 1) throw TopologyException("global store '" + name + "' needs exactly one topic");
  // Its source topic is its changelog.
  if (definition_of(*store).spec.logging)
    throw TopologyException("global store '" + name + "' must not have a changelog");
  const std::string topic = source.topics.front();
  const std::string source_name = source.name;
  source.global = true;
  add_source(std::move(source));
  add_processor(processor, std::move(factory), {source_name});
  // add_processor() above has no declared types to compare.
  check_types(node(source_name), nodes_.back());
  // Marks the whole sub-topology: it runs in the global thread and has no tasks.
  nodes_.back().global = true;
  add_state_store(std::move(store), {processor});
  global_stores_.emplace(name, topic);
}

void TopologyBuilder::use_source_as_changelog(const std::string& store, const std::string& topic) {
  // Restoring then reads the source topic, and no changelog topic is made.
  source_changelogs_[store] = topic;
}

void TopologyBuilder::use_as_table_of(const std::string& store, const std::string& topic) { tables_[store] = topic; }

void TopologyBuilder::add_internal_topic(InternalTopic topic) {
  // Several nodes may use the same internal topic, if they agree on its partitions.
  const auto [found, added] = internal_topics_.emplace(topic.name, topic);
  if (!added && found->second.partitions != topic.partitions) {
    throw TopologyException("repartition topic '" + topic.name + "' is asked for with two numbers of partitions");
  }
}

/// Compares the numbers of partitions that the user has given. All other numbers are known only when the broker is
/// asked.
void TopologyBuilder::require_copartitioning(CopartitionGroup group) {
  std::map<std::string, std::int32_t> asked_for;
  // False if a number of partitions is not known yet. The numbers are then compared when the application starts.
  bool all = true;
  for (const std::string& source : group.sources) {
    const NodeSpec& reader = node(source);
    all = all && !reader.pattern;
    for (const std::string& topic : reader.topics) {
      const auto internal = internal_topics_.find(topic);
      if (internal != internal_topics_.end() && internal->second.partitions) {
        asked_for.emplace(topic, *internal->second.partitions);
      } else {
        all = false;
      }
    }
  }
  for (const auto& [topic, partitions] : asked_for) {
    const auto& [first, count] = *asked_for.begin();
    // If one number is unknown, all topics can still be given the same number at the start.
    if (!all || partitions == count) continue;
    throw TopologyException("repartition topics '" + first + "' (" + std::to_string(count) + " partitions) and '" +
                            topic + "' (" + std::to_string(partitions) + ") meet in '" + group.node +
                            "' and must have the same number of partitions: ask for the same number");
  }
  copartition_groups_.push_back(std::move(group));
}

const NodeSpec& TopologyBuilder::node(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) throw TopologyException("there is no node named '" + name + "'");
  return nodes_[found->second];
}

}  // namespace millrace::detail
