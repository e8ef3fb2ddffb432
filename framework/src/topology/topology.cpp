#include "millrace/processor/topology.hpp"

#include <utility>

#include "millrace/processor/detail/topology_builder.hpp"
#include "topology/description.hpp"
#include "topology/topology_graph.hpp"

namespace millrace {

Topology::Topology(std::shared_ptr<const detail::TopologyBuilder> nodes) : nodes_(std::move(nodes)) {}

std::string Topology::describe() const { return describe_text(detail::describe_nodes(*nodes_)); }
std::string Topology::describe_mermaid() const { return millrace::describe_mermaid(detail::describe_nodes(*nodes_)); }
std::string Topology::describe_graphviz() const { return millrace::describe_graphviz(detail::describe_nodes(*nodes_)); }

}  // namespace millrace
