// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string_view>

#include "topology/description.hpp"

// Draws a topology. Each sub-topology is a box with its nodes and stores; topics are between the boxes. An internal
// topic connects two sub-topologies, because it is the sink of one and the source of the other.

namespace millrace {
namespace {

using Kind = NodeDescription::Kind;

/// The topics and patterns in the drawing. Each is drawn once, even if several nodes use it. The label is the key,
/// because a pattern has no topic name.
struct Topics {
  std::map<std::string, std::string> id_by_label;

  const std::string& id(const std::string& label) {
    return id_by_label.emplace(label, "t" + std::to_string(id_by_label.size())).first->second;
  }
};

/// A drawing language: how it writes the parts of a topology. draw() calls begin, nodes, stores and end for each
/// sub-topology, then topics, then edges.
class Canvas {
 public:
  virtual ~Canvas() = default;
  virtual void begin_subtopology(int number, bool global) = 0;
  virtual void end_subtopology() = 0;
  virtual void node(const std::string& id, const NodeDescription& node) = 0;
  virtual void store(const std::string& id, const std::string& name) = 0;
  virtual void topic(const std::string& id, const std::string& name) = 0;
  virtual void edge(const std::string& from, const std::string& to) = 0;
  virtual void uses_store(const std::string& node, const std::string& store) = 0;
};

// The labels of the topics that a node reads or writes. A pattern is shown between slashes, a dynamic sink by its
// extractor.
std::vector<std::string> topics_of(const NodeDescription& node) {
  if (node.pattern) return {"/" + *node.pattern + "/"};
  if (node.dynamic_topic) return {node.extractor_class};
  return node.topics;
}

// Draws in this order: boxes with nodes and stores, topics, edges. Ids are short, because names can contain any
// character.
void draw(const std::vector<NodeDescription>& nodes, Canvas& canvas) {
  const std::vector<int> subtopologies = assign_subtopologies(nodes);
  // Ids: n0, n1... for nodes, s0... for stores, t0... for topics.
  std::map<std::string, std::string> node_ids;
  std::map<int, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    node_ids.emplace(nodes[i].name, "n" + std::to_string(i));
    members[subtopologies[i]].push_back(i);
  }

  std::map<std::string, std::string> store_ids;
  for (const auto& [number, nodes_here] : members) {
    canvas.begin_subtopology(number, nodes[nodes_here.front()].global);
    for (const std::size_t i : nodes_here) {
      canvas.node(node_ids.at(nodes[i].name), nodes[i]);
      for (const auto& store : nodes[i].stores) {
        const auto [entry, is_new] = store_ids.emplace(store, "s" + std::to_string(store_ids.size()));
        // A store that several nodes share is drawn in the box once. All its users are in the same sub-topology.
        if (is_new) canvas.store(entry->second, store);
      }
    }
    canvas.end_subtopology();
  }

  Topics topics;
  for (const auto& node : nodes) {
    // Gives each topic its id, in the order of the nodes. The map then lists topics by label.
    for (const auto& topic : topics_of(node)) topics.id(topic);
  }
  // Topics are outside of the boxes, because several sub-topologies can use the same topic.
  for (const auto& [label, id] : topics.id_by_label) canvas.topic(id, label);

  for (const auto& node : nodes) {
    const std::string& id = node_ids.at(node.name);
    if (node.kind == Kind::source) {
      for (const auto& topic : topics_of(node)) canvas.edge(topics.id(topic), id);
    }
    for (const auto& predecessor : node.predecessors) canvas.edge(node_ids.at(predecessor), id);
    for (const auto& store : node.stores) canvas.uses_store(id, store_ids.at(store));
    if (node.kind == Kind::sink) {
      for (const auto& topic : topics_of(node)) canvas.edge(id, topics.id(topic));
    }
  }
}

// The title of a box.
std::string subtopology_label(int number, bool global) {
  return "Sub-topology " + std::to_string(number) + (global ? " (global store)" : "");
}

/// Mermaid: sources are rounded, processors are boxes, sinks are hexagons, stores are cylinders, topics are slanted.
class Mermaid : public Canvas {
 public:
  std::string text = "flowchart LR\n";

  void begin_subtopology(int number, bool global) override {
    text += "  subgraph sub" + std::to_string(number) + '[' + quoted(subtopology_label(number, global)) + "]\n";
  }
  void end_subtopology() override { text += "  end\n"; }
  void node(const std::string& id, const NodeDescription& node) override {
    switch (node.kind) {
      case Kind::source: text += "    " + id + "([" + quoted(node.name) + "])\n"; break;
      case Kind::processor: text += "    " + id + '[' + quoted(node.name) + "]\n"; break;
      case Kind::sink: text += "    " + id + "{{" + quoted(node.name) + "}}\n"; break;
    }
  }
  void store(const std::string& id, const std::string& name) override {
    text += "    " + id + "[(" + quoted(name) + ")]\n";
  }
  void topic(const std::string& id, const std::string& name) override {
    text += "  " + id + "[/" + quoted(name) + "/]\n";
  }
  void edge(const std::string& from, const std::string& to) override { text += "  " + from + " --> " + to + '\n'; }
  // Dotted and without an arrow: records do not flow along this line.
  void uses_store(const std::string& node, const std::string& store) override {
    text += "  " + node + " -.- " + store + '\n';
  }

 private:
  /// Mermaid has no backslash escapes. Characters that it could take for markup are written as numeric entities.
  static std::string quoted(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
      if (std::string_view("\"#&;<>`\\\n\r").find(c) == std::string_view::npos) {
        out += c;
      } else {
        out += '#' + std::to_string(static_cast<unsigned char>(c)) + ';';
      }
    }
    return out + '"';
  }
};

/// Graphviz: the same shapes, with Graphviz' names for them.
class Graphviz : public Canvas {
 public:
  std::string text = "digraph topology {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n";

  void begin_subtopology(int number, bool global) override {
    text += "  subgraph cluster_" + std::to_string(number) +
            " {\n    label=" + quoted(subtopology_label(number, global)) + ";\n";
  }
  void end_subtopology() override { text += "  }\n"; }
  void node(const std::string& id, const NodeDescription& node) override {
    switch (node.kind) {
      case Kind::source: shape("    ", id, node.name, "ellipse"); break;
      case Kind::processor: shape("    ", id, node.name, "box"); break;
      case Kind::sink: shape("    ", id, node.name, "hexagon"); break;
    }
  }
  void store(const std::string& id, const std::string& name) override { shape("    ", id, name, "cylinder"); }
  void topic(const std::string& id, const std::string& name) override { shape("  ", id, name, "parallelogram"); }
  void edge(const std::string& from, const std::string& to) override { text += "  " + from + " -> " + to + ";\n"; }
  void uses_store(const std::string& node, const std::string& store) override {
    text += "  " + node + " -> " + store + " [dir=none, style=dashed];\n";
  }

 private:
  // One node statement of Graphviz.
  void shape(std::string_view indent, const std::string& id, const std::string& label, std::string_view shape) {
    text.append(indent).append(id).append(" [shape=").append(shape).append(", label=").append(quoted(label)) += "];\n";
  }

  /// A Graphviz string: only quotes, backslashes and line ends need escapes.
  static std::string quoted(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
      if (c == '\n' || c == '\r') {
        out += c == '\n' ? "\\n" : "\\r";
        continue;
      }
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + '"';
  }
};

}  // namespace

std::string describe_mermaid(const std::vector<NodeDescription>& nodes) {
  Mermaid canvas;
  draw(nodes, canvas);
  return canvas.text;
}

std::string describe_graphviz(const std::vector<NodeDescription>& nodes) {
  Graphviz canvas;
  draw(nodes, canvas);
  canvas.text += "}\n";
  return canvas.text;
}

}  // namespace millrace
