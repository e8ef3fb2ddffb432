// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "topology/description.hpp"

#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"
#include "topology/description_java_sets.hpp"

using millrace::NodeDescription;

namespace {

NodeDescription node(NodeDescription::Kind kind, std::string name) {
  NodeDescription made;
  made.kind = kind;
  made.name = std::move(name);
  return made;
}

NodeDescription source(std::string name, std::vector<std::string> topics) {
  auto made = node(NodeDescription::Kind::source, std::move(name));
  made.topics = std::move(topics);
  return made;
}

NodeDescription processor(std::string name, std::vector<std::string> predecessors,
                          std::vector<std::string> stores = {}) {
  auto made = node(NodeDescription::Kind::processor, std::move(name));
  made.predecessors = std::move(predecessors);
  made.stores = std::move(stores);
  return made;
}

NodeDescription sink(std::string name, std::vector<std::string> predecessors, std::string topic) {
  auto made = node(NodeDescription::Kind::sink, std::move(name));
  made.predecessors = std::move(predecessors);
  made.topics = {std::move(topic)};
  return made;
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

/// A topology of two sub-topologies with a repartition topic between them, a store, and names that need escaping.
std::vector<NodeDescription> drawn() {
  return {source("read \"it\"", {"in"}), sink("write", {"read \"it\""}, "between"), source("again", {"between"}),
          processor("count", {"again"}, {"store #1"}), sink("out<1>", {"count"}, "out")};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Description)

BOOST_AUTO_TEST_CASE(an_empty_topology_has_java_s_text) { BOOST_TEST(millrace::describe_text({}) == "Topologies:\n "); }

BOOST_AUTO_TEST_CASE(subtopologies_are_numbered_by_their_first_node) {
  const auto numbers = millrace::assign_subtopologies(
      {source("a", {"in1"}), source("b", {"in2"}), processor("c", {"a"}), processor("d", {"b"}), source("e", {"in3"})});
  BOOST_TEST(numbers == (std::vector<int>{0, 1, 0, 1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_shared_store_makes_one_subtopology) {
  const auto numbers = millrace::assign_subtopologies({source("a", {"in1"}), source("b", {"in2"}), source("c", {"in3"}),
                                                       processor("pa", {"a"}, {"s"}), processor("pc", {"c"}, {"s"})});
  BOOST_TEST(numbers == (std::vector<int>{0, 1, 0, 0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_unknown_predecessor_is_named) {
  const auto names_both = [](const millrace::TopologyException& e) {
    const std::string what = e.what();
    return what.find("'orphan'") != std::string::npos && what.find("'nowhere'") != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION((void)millrace::describe_text({processor("orphan", {"nowhere"})}), millrace::TopologyException,
                        names_both);
  BOOST_CHECK_EXCEPTION((void)millrace::assign_subtopologies({processor("orphan", {"nowhere"}), source("nowhere", {})}),
                        millrace::TopologyException, names_both);
}

BOOST_AUTO_TEST_CASE(hundreds_of_diamonds_are_described_once_each) {
  std::vector<NodeDescription> nodes{source("s", {"in"})};
  std::string last = "s";
  for (int i = 0; i < 300; ++i) {
    const std::string n = std::to_string(i);
    nodes.push_back(processor("l" + n, {last}));
    nodes.push_back(processor("r" + n, {last}));
    nodes.push_back(processor("m" + n, {"l" + n, "r" + n}));
    last = "m" + n;
  }
  BOOST_TEST(count(millrace::describe_text(nodes), "Processor: ") == 900U);
}

BOOST_AUTO_TEST_CASE(mermaid_draws_boxes_shapes_and_the_topic_between) {
  BOOST_TEST(millrace::describe_mermaid(drawn()) ==
             "flowchart LR\n"
             "  subgraph sub0[\"Sub-topology 0\"]\n"
             "    n0([\"read #34;it#34;\"])\n"
             "    n1{{\"write\"}}\n"
             "  end\n"
             "  subgraph sub1[\"Sub-topology 1\"]\n"
             "    n2([\"again\"])\n"
             "    n3[\"count\"]\n"
             "    s0[(\"store #35;1\")]\n"
             "    n4{{\"out#60;1#62;\"}}\n"
             "  end\n"
             "  t1[/\"between\"/]\n"
             "  t0[/\"in\"/]\n"
             "  t2[/\"out\"/]\n"
             "  t0 --> n0\n"
             "  n0 --> n1\n"
             "  n1 --> t1\n"
             "  t1 --> n2\n"
             "  n2 --> n3\n"
             "  n3 -.- s0\n"
             "  n3 --> n4\n"
             "  n4 --> t2\n");
}

BOOST_AUTO_TEST_CASE(graphviz_draws_the_same) {
  BOOST_TEST(millrace::describe_graphviz(drawn()) ==
             "digraph topology {\n"
             "  rankdir=LR;\n"
             "  node [fontname=\"sans-serif\"];\n"
             "  subgraph cluster_0 {\n"
             "    label=\"Sub-topology 0\";\n"
             "    n0 [shape=ellipse, label=\"read \\\"it\\\"\"];\n"
             "    n1 [shape=hexagon, label=\"write\"];\n"
             "  }\n"
             "  subgraph cluster_1 {\n"
             "    label=\"Sub-topology 1\";\n"
             "    n2 [shape=ellipse, label=\"again\"];\n"
             "    n3 [shape=box, label=\"count\"];\n"
             "    s0 [shape=cylinder, label=\"store #1\"];\n"
             "    n4 [shape=hexagon, label=\"out<1>\"];\n"
             "  }\n"
             "  t1 [shape=parallelogram, label=\"between\"];\n"
             "  t0 [shape=parallelogram, label=\"in\"];\n"
             "  t2 [shape=parallelogram, label=\"out\"];\n"
             "  t0 -> n0;\n"
             "  n0 -> n1;\n"
             "  n1 -> t1;\n"
             "  t1 -> n2;\n"
             "  n2 -> n3;\n"
             "  n3 -> s0 [dir=none, style=dashed];\n"
             "  n3 -> n4;\n"
             "  n4 -> t2;\n"
             "}\n");
}

BOOST_AUTO_TEST_CASE(a_store_of_two_nodes_is_drawn_once) {
  const auto text =
      millrace::describe_graphviz({source("a", {"x"}), processor("p", {"a"}, {"st"}), processor("q", {"a"}, {"st"})});
  BOOST_TEST(count(text, "shape=cylinder") == 1U);
  BOOST_TEST(count(text, "style=dashed") == 2U);
}

BOOST_AUTO_TEST_CASE(patterns_and_extractors_are_drawn_as_topics) {
  auto reader = source("r", {});
  reader.pattern = "in-.*";
  auto writer = sink("w", {"r"}, "");
  writer.topics.clear();
  writer.dynamic_topic = true;
  writer.extractor_class = "ByValue";
  const auto text = millrace::describe_mermaid({reader, writer});
  BOOST_TEST(count(text, "[/\"/in-.*/\"/]") == 1U);
  BOOST_TEST(count(text, "[/\"ByValue\"/]") == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(JavaSets)

BOOST_AUTO_TEST_CASE(names_are_hashed_as_utf16) {
  // In a table of 16 buckets, 'e' belongs to bucket 5 and 'x' to bucket 8. U+1F60C belongs to bucket 4 as two UTF-16
  // units (Java), and to bucket 12 as UTF-8 bytes.
  const auto order = millrace::detail::java::hash_set_order({"x", "\xF0\x9F\x98\x8C", "e"});
  BOOST_TEST(order == (std::vector<std::string>{"\xF0\x9F\x98\x8C", "e", "x"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_name_is_kept_once) {
  BOOST_TEST(millrace::detail::java::hash_set_order({"a", "b", "a"}).size() == 2U);
  BOOST_TEST(millrace::detail::java::hash_set_copy_order({"a", "b", "a"}).size() == 2U);
}

BOOST_AUTO_TEST_CASE(sort_their_trees_with_a_consistent_comparison) {
  millrace::detail::java::TreeSet tree(
      [](std::size_t a, std::size_t b) { return static_cast<int>(a) - static_cast<int>(b); });
  std::vector<std::size_t> expected;
  for (std::size_t i = 0; i < 200; ++i) {
    tree.insert(i * 37 % 200);
    tree.insert(i * 37 % 200);
    expected.push_back(i);
  }
  BOOST_TEST(tree.in_order() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
