// SPDX-License-Identifier: Apache-2.0
#include "millrace/processor/topology.hpp"

#include <utility>

#include "millrace/processor/detail/topology_builder.hpp"
#include "topology/description.hpp"
#include "topology/topology_graph.hpp"

namespace millrace {

// An empty topology; the DSL's graph makes a full one by the other constructor.
Topology::Topology() : nodes_(std::make_shared<detail::TopologyBuilder>()) {}

// The builder to change. Every method that changes the topology calls this first.
detail::TopologyBuilder& Topology::change() {
  // Copy on write: other Topology objects may share the nodes.
  if (nodes_.use_count() > 1) nodes_ = std::make_shared<detail::TopologyBuilder>(*nodes_);
  return *nodes_;
}

Topology& Topology::add_state_store(StoreBuilder store, const std::vector<std::string>& processors) {
  change().add_state_store(std::make_shared<const StoreBuilder>(std::move(store)), processors);
  return *this;
}

Topology& Topology::connect_processor_and_state_stores(const std::string& processor,
                                                       const std::vector<std::string>& stores) {
  change().connect(processor, stores);
  return *this;
}

// The descriptions are made from a copy of the nodes without factories: see description.hpp.
std::string Topology::describe() const { return describe_text(detail::describe_nodes(*nodes_)); }
std::string Topology::describe_mermaid() const { return millrace::describe_mermaid(detail::describe_nodes(*nodes_)); }
std::string Topology::describe_graphviz() const { return millrace::describe_graphviz(detail::describe_nodes(*nodes_)); }

}  // namespace millrace
