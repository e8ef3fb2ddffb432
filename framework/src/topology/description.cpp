#include "topology/description.hpp"

#include <cstdint>
#include <map>
#include <numeric>

#include "millrace/common/errors.hpp"
#include "topology/description_java_sets.hpp"

namespace millrace {
namespace {

using NodeIndex = std::size_t;
using NamesToIndices = std::map<std::string, NodeIndex>;

NamesToIndices index_by_name(const std::vector<NodeDescription>& nodes) {
  NamesToIndices indices;
  for (NodeIndex i = 0; i < nodes.size(); ++i) indices.emplace(nodes[i].name, i);
  return indices;
}

NodeIndex predecessor_of(const std::vector<NodeDescription>& nodes, NodeIndex at, const std::string& name,
                         const NamesToIndices& indices) {
  const auto found = indices.find(name);
  if (found == indices.end() || found->second >= at) {
    throw TopologyException("node '" + nodes[at].name + "' has the predecessor '" + name +
                            "', which the topology does not have before it: add that one first");
  }
  return found->second;
}

/// Connected components of nodes: Kafka Streams' QuickUnion.
class Components {
 public:
  explicit Components(std::size_t size) : parents_(size) { std::iota(parents_.begin(), parents_.end(), NodeIndex{0}); }

  NodeIndex root(NodeIndex at) {
    while (parents_[at] != at) at = parents_[at] = parents_[parents_[at]];
    return at;
  }
  void unite(NodeIndex a, NodeIndex b) { parents_[root(a)] = root(b); }

 private:
  std::vector<NodeIndex> parents_;
};

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

/// The links of one sub-topology in the order in which Java prints them.
///
/// Java connects the nodes in hash order and keeps the neighbours of a node sorted by the size of the graph below
/// them, larger first, then by name. The sizes grow while the nodes are being connected and nothing is sorted again:
/// what is printed depends on the sizes at the moment of each insertion.
class SubtopologyPrinter {
 public:
  SubtopologyPrinter(const std::vector<NodeDescription>& nodes, const std::vector<NodeIndex>& members)
      : nodes_(nodes), members_(members) {
    names_.reserve(members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
      names_.push_back(detail::java::to_utf16(node(i).name));
      positions_.emplace(node(i).name, i);
    }
    sizes_.assign(members.size(), 1);
    const auto compare = [this](std::size_t a, std::size_t b) { return compare_nodes(a, b); };
    predecessors_.assign(members.size(), detail::java::TreeSet(compare));
    successors_.assign(members.size(), detail::java::TreeSet(compare));
    connected_.resize(members.size());
    connect();
  }
  SubtopologyPrinter(const SubtopologyPrinter&) = delete;  // the trees' comparison refers to this object
  SubtopologyPrinter& operator=(const SubtopologyPrinter&) = delete;

  void print(std::string& out) const {
    detail::java::TreeSet blocks([this](std::size_t a, std::size_t b) { return compare_nodes(a, b); });
    for (std::size_t i = 0; i < members_.size(); ++i) blocks.insert(i);
    for (const std::size_t i : blocks.in_order()) {
      out += "    " + title(node(i)) + '\n';
      if (node(i).kind != NodeDescription::Kind::sink) out += "      --> " + names_of(successors_[i]) + '\n';
      if (node(i).kind != NodeDescription::Kind::source) out += "      <-- " + names_of(predecessors_[i]) + '\n';
    }
  }

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
    // Java copies the set of stores before it prints the copy.
    return "Processor: " + node.name + " (stores: [" +
           join(detail::java::hash_set_copy_order(detail::java::hash_set_order(node.stores))) + "])";
  }

 private:
  [[nodiscard]] const NodeDescription& node(std::size_t position) const { return nodes_[members_[position]]; }

  [[nodiscard]] int compare_nodes(std::size_t a, std::size_t b) const {
    if (a == b) return 0;
    if (sizes_[a] != sizes_[b]) return static_cast<std::int32_t>(sizes_[b] - sizes_[a]);
    return names_[a].compare(names_[b]);
  }

  void connect() {
    std::vector<std::string> insertion_order;
    for (std::size_t i = 0; i < members_.size(); ++i) insertion_order.push_back(node(i).name);
    // A set of names, from which a map by name is filled.
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

  /// Adds `delta` to a node and to all that are connected above it, once per path (a merge counts twice above a
  /// split). Insertion order is topological, so one pass upwards visits every node after all that lie below it.
  void grow(std::size_t from, std::uint32_t delta) {
    std::vector<std::uint32_t> paths(from + 1, 0);
    paths[from] = 1;
    for (std::size_t at = from + 1; at-- > 0;) {
      if (paths[at] == 0) continue;
      sizes_[at] += delta * paths[at];
      for (const std::size_t above : connected_[at]) paths[above] += paths[at];
    }
  }

  [[nodiscard]] std::string names_of(const detail::java::TreeSet& neighbours) const {
    std::vector<std::string> names;
    for (const std::size_t i : neighbours.in_order()) names.push_back(node(i).name);
    return names.empty() ? "none" : join(names);
  }

  const std::vector<NodeDescription>& nodes_;
  const std::vector<NodeIndex>& members_;
  std::vector<std::u16string> names_;
  std::map<std::string, std::size_t> positions_;
  std::vector<std::uint32_t> sizes_;  ///< wrap around as Java's int does
  std::vector<detail::java::TreeSet> predecessors_;
  std::vector<detail::java::TreeSet> successors_;
  std::vector<std::vector<std::size_t>> connected_;
};

/// Java prints two nodes of a global store's sub-topology: a source and one other, the first ones in hash order.
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
  std::map<std::string, NodeIndex> first_user_of_store;
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    for (const auto& name : nodes[i].predecessors) components.unite(i, predecessor_of(nodes, i, name, indices));
    for (const auto& store : nodes[i].stores) components.unite(i, first_user_of_store.emplace(store, i).first->second);
  }

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

  std::string out = "Topologies:\n ";
  for (const auto& [number, nodes_here] : members) {
    out += "  Sub-topology: " + std::to_string(number);
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
