// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/extractor.hpp"
#include "oracle/cpp/program/partitioner.hpp"
#include "oracle/cpp/program/processors.hpp"

// Topologies built by hand, with string keys and values. The counterpart of TopologyByHand.java.

namespace oracle::program {
namespace {

using Names = std::vector<std::string>;

Names names(const Json& op, const char* field) { return op.value(field, Names()); }

void add_source(millrace::Topology& topology, const Json& op) {
  millrace::SourceOptions<Key, Value> options;
  if (op.contains("extractor")) {
    const auto extractor = op.at("extractor").get<std::string>();
    if (const auto policy = ready_made_extractor(extractor)) {
      options.timestamps = *policy;
    } else {
      options.extractor = Extractor(extractor);
    }
  }
  if (op.contains("pattern")) {
    topology.add_source_pattern<Key, Value>(name(op), op.at("pattern"), options);
  } else {
    topology.add_source<Key, Value>(name(op), names(op, "topics"), options);
  }
}

void add_sink(millrace::Topology& topology, const Json& op) {
  millrace::SinkOptions<Key, Value> options;
  if (op.contains("partitioner")) options.partitioner = Partitioner(op.at("partitioner").get<std::string>());
  topology.add_sink<Key, Value>(name(op), op.at("topic").get<std::string>(), names(op, "parents"), options);
}

void add(millrace::Topology& topology, const Json& op) {
  const auto kind = op.at("op").get<std::string>();
  if (kind == "source") {
    add_source(topology, op);
  } else if (kind == "processor") {
    topology.add_processor(
        name(op), [f = Function(fn(op)), store = op.value("store", std::string())] { return make_processor(f, store); },
        names(op, "parents"));
  } else if (kind == "state_store") {
    topology.add_state_store(make_store(op.at("store")), names(op, "processors"));
  } else if (kind == "connect") {
    topology.connect_processor_and_state_stores(op.at("processor"), names(op, "stores"));
  } else if (kind == "sink") {
    add_sink(topology, op);
  } else if (kind == "global_store") {
    topology.add_global_store<Key, Value>(
        make_store(op.at("store")), name(op), op.at("topic"), op.at("processor"),
        [store = op.at("store").at("name").get<std::string>()] { return make_filler(store); });
  } else {
    throw std::invalid_argument("unknown node: " + op.dump());
  }
}

}  // namespace

millrace::Topology topology_by_hand(const Json& description) {
  millrace::Topology topology;
  for (const auto& op : description.value("nodes", Json::array())) add(topology, op);
  return topology;
}

}  // namespace oracle::program
