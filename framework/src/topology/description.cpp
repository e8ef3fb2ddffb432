// SPDX-License-Identifier: Apache-2.0
#include "topology/description.hpp"

#include <cstdint>
#include <map>
#include <numeric>

#include "millrace/common/errors.hpp"
#include "topology/description_java_sets.hpp"

namespace millrace {
namespace {

// The position of a node in the vector of all nodes.
using NodeIndex = std::size_t;
using NamesToIndices = std::map<std::string, NodeIndex>;

// A position in `nodes` for each name. Names are unique: TopologyBuilder checks this.
NamesToIndices index_by_name(const std::vector<NodeDescription>& nodes) {
  NamesToIndices indices;
  for (NodeIndex i = 0; i < nodes.size(); ++i) indices.emplace(nodes[i].name, i);
  return indices;
}

// The index of the node `name`. Throws TopologyException unless that node comes before the node `at`.
NodeIndex predecessor_of(const std::vector<NodeDescription>& nodes, NodeIndex at, const std::string& name,
                         const NamesToIndices& indices) {
  const auto found = indices.find(name);
  if (found == indices.end() || found->second >= at) {
    throw TopologyException("node '" + nodes[at].name + "' has the predecessor '" + name +
                            "', which has not been added before it: add the predecessor first");
  }
  return found->second;
}

/// Connected components of nodes, by union-find. (Kafka Streams: `QuickUnion`.)
class Components {
 public:
  explicit Components(std::size_t size) : parents_(size) { std::iota(parents_.begin(), parents_.end(), NodeIndex{0}); }

  NodeIndex root(NodeIndex at) {
    // Path halving keeps the paths short.
    while (parents_[at] != at) at = parents_[at] = parents_[parents_[at]];
    return at;
  }
  void unite(NodeIndex a, NodeIndex b) { parents_[root(a)] = root(b); }

 private:
  std::vector<NodeIndex> parents_;
};

// In the form that Java's collections print.
std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

/// Prints the nodes and links of one sub-topology in Java's order.
///
/// In Java the order depends on history. Java connects the nodes in hash order. It keeps the neighbours of a node
/// sorted: first by the size of the graph below each neighbour, larger first, then by name. These sizes grow while
/// nodes are being connected, but the neighbours are not sorted again. So the order depends on the sizes at the time of
/// each insertion. This class repeats the same steps.
class SubtopologyPrinter {
 public:
  SubtopologyPrinter(const std::vector<NodeDescription>& nodes, const std::vector<NodeIndex>& members)
      : nodes_(nodes), members_(members) {
    names_.reserve(members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
      names_.push_back(detail::java::to_utf16(node(i).name));
      positions_.emplace(node(i).name, i);
    }
    // Each node counts itself. connect() then adds the sizes of the nodes below it.
    sizes_.assign(members.size(), 1);
    const auto compare = [this](std::size_t a, std::size_t b) { return compare_nodes(a, b); };
    predecessors_.assign(members.size(), detail::java::TreeSet(compare));
    successors_.assign(members.size(), detail::java::TreeSet(compare));
    connected_.resize(members.size());
    connect();
  }
  SubtopologyPrinter(const SubtopologyPrinter&) = delete;  // the trees' comparison refers to `this`
  SubtopologyPrinter& operator=(const SubtopologyPrinter&) = delete;

  // Nodes are printed in the order of the final sizes.
  void print(std::string& out) const {
    detail::java::TreeSet blocks([this](std::size_t a, std::size_t b) { return compare_nodes(a, b); });
    for (std::size_t i = 0; i < members_.size(); ++i) blocks.insert(i);
    for (const std::size_t i : blocks.in_order()) {
      out += "    " + title(node(i)) + '\n';
      if (node(i).kind != NodeDescription::Kind::sink) out += "      --> " + names_of(successors_[i]) + '\n';
      if (node(i).kind != NodeDescription::Kind::source) out += "      <-- " + names_of(predecessors_[i]) + '\n';
    }
  }

  // The first line of a node, in Java's words.
  static std::string title(const NodeDescription& node) {
    switch (node.kind) {
      case NodeDescription::Kind::source:
        return "Source: " + node.name + " (topics: " +
               (node.pattern ? *node.pattern : '[' + join(detail::java::hash_set_copy_order(node.topics)) + ']') + ')';
      case NodeDescription::Kind::sink:
        if (node.dynamic_topic) return "Sink: " + node.name + " (extractor class: " + node.extractor_class + ')';
        return "Sink: " + node.name + " (topic: " + join(node.topics) + ')';
      case NodeDescription::Kind::processor: break;
    }
    // Java prints a copy of the set of stores. Copying a HashSet can change its order.
    return "Processor: " + node.name + " (stores: [" +
           join(detail::java::hash_set_copy_order(detail::java::hash_set_order(node.stores))) + "])";
  }

 private:
  // Inside this class nodes are identified by their position in `members_`.
  [[nodiscard]] const NodeDescription& node(std::size_t position) const { return nodes_[members_[position]]; }

  // Java's comparison: larger size first, then by name. Java subtracts the sizes as ints, so this can wrap around.
  [[nodiscard]] int compare_nodes(std::size_t a, std::size_t b) const {
    if (a == b) return 0;
    if (sizes_[a] != sizes_[b]) return static_cast<std::int32_t>(sizes_[b] - sizes_[a]);
    return names_[a].compare(names_[b]);
  }

  void connect() {
    std::vector<std::string> insertion_order;
    for (std::size_t i = 0; i < members_.size(); ++i) insertion_order.push_back(node(i).name);
    // Java has a set of names and fills a map with it, so the hash order is applied twice.
    for (const auto& name : detail::java::hash_set_order(detail::java::hash_set_order(insertion_order))) {
      const std::size_t at = positions_.at(name);
      for (const auto& predecessor_name : node(at).predecessors) {
        const std::size_t predecessor = positions_.at(predecessor_name);
        predecessors_[at].insert(predecessor);
        connected_[at].push_back(predecessor);
        successors_[predecessor].insert(at);
        grow(predecessor, sizes_[at]);
      }
    }
  }

  /// Adds `delta` to the size of a node and of all nodes connected above it, once per path. (With a split and a later
  /// merge there are two paths.) Positions are in topological order, so a single pass upwards is enough: each node is
  /// visited after all nodes below it.
  void grow(std::size_t from, std::uint32_t delta) {
    // The number of paths from `from` up to each node. Nodes above have smaller positions.
    std::vector<std::uint32_t> paths(from + 1, 0);
    paths[from] = 1;
    for (std::size_t at = from + 1; at-- > 0;) {
      if (paths[at] == 0) continue;
      sizes_[at] += delta * paths[at];
      for (const std::size_t above : connected_[at]) paths[above] += paths[at];
    }
  }

  // The neighbours in the order of their tree, or "none" as in Java.
  [[nodiscard]] std::string names_of(const detail::java::TreeSet& neighbours) const {
    std::vector<std::string> names;
    for (const std::size_t i : neighbours.in_order()) names.push_back(node(i).name);
    return names.empty() ? "none" : join(names);
  }

  const std::vector<NodeDescription>& nodes_;
  const std::vector<NodeIndex>& members_;
  std::vector<std::u16string> names_;             // UTF-16, because Java compares strings by UTF-16 units
  std::map<std::string, std::size_t> positions_;  // by name
  std::vector<std::uint32_t> sizes_;              ///< of the graph below each node; wrap around as Java's int does
  std::vector<detail::java::TreeSet> predecessors_;
  std::vector<detail::java::TreeSet> successors_;
  std::vector<std::vector<std::size_t>> connected_;  // the predecessors connected so far
};

/// Prints the sub-topology of a global store. Java prints only two of its nodes: a source and one other node. Each is
/// the first of its kind in hash order.
void print_global_store(const std::vector<NodeDescription>& nodes, const std::vector<NodeIndex>& members,
                        const NamesToIndices& indices, std::string& out) {
  std::vector<std::string> names;
  for (const NodeIndex i : members) names.push_back(nodes[i].name);
  const NodeDescription* source = nullptr;
  const NodeDescription* processor = nullptr;
  for (const auto& name : detail::java::hash_set_order(names)) {
    const NodeDescription& node = nodes[indices.at(name)];
    const NodeDescription*& place = node.kind == NodeDescription::Kind::source ? source : processor;
    if (place == nullptr) place = &node;
  }
  if (source != nullptr) {
    out += "    " + SubtopologyPrinter::title(*source) + "\n      --> " + (processor ? processor->name : "none") + '\n';
  }
  if (processor != nullptr) {
    out += "    " + SubtopologyPrinter::title(*processor) + "\n      --> none\n      <-- " +
           (source ? source->name : "none") + '\n';
  }
}

}  // namespace

std::vector<int> assign_subtopologies(const std::vector<NodeDescription>& nodes) {
  const NamesToIndices indices = index_by_name(nodes);
  Components components(nodes.size());
  // Nodes that use the same store must be in the same task, so the store connects them.
  std::map<std::string, NodeIndex> first_user_of_store;
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    for (const auto& name : nodes[i].predecessors) components.unite(i, predecessor_of(nodes, i, name, indices));
    for (const auto& store : nodes[i].stores) components.unite(i, first_user_of_store.emplace(store, i).first->second);
  }

  // Numbers are given in the order of each component's first node, as in Kafka Streams.
  std::map<NodeIndex, int> numbers;
  std::vector<int> subtopologies;
  subtopologies.reserve(nodes.size());
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    subtopologies.push_back(numbers.emplace(components.root(i), static_cast<int>(numbers.size())).first->second);
  }
  return subtopologies;
}

std::string describe_text(const std::vector<NodeDescription>& nodes) {
  const NamesToIndices indices = index_by_name(nodes);
  std::map<int, std::vector<NodeIndex>> members;
  const std::vector<int> subtopologies = assign_subtopologies(nodes);
  for (NodeIndex i = 0; i < nodes.size(); ++i) members[subtopologies[i]].push_back(i);

  // The blank before the first sub-topology is in Java's text too.
  std::string out = "Topologies:\n ";
  for (const auto& [number, nodes_here] : members) {
    out += "  Sub-topology: " + std::to_string(number);
    // All nodes of a sub-topology are global or none is.
    if (nodes[nodes_here.front()].global) {
      out += " for global store (will not generate tasks)\n";
      print_global_store(nodes, nodes_here, indices, out);
    } else {
      out += '\n';
      SubtopologyPrinter(nodes, nodes_here).print(out);
      out += '\n';
    }
  }
  return out;
}

}  // namespace millrace
