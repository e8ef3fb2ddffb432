// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/program.hpp"

namespace oracle::program {
namespace {

const Program::Operators& operators() {
  static const auto kAll = [] {
    Program::Operators all;
    add_stream_operators(all);
    add_processor_operators(all);
    add_join_operators(all);
    add_group_operators(all);
    add_table_operators(all);
    add_table_group_operators(all);
    add_table_join_operators(all);
    add_foreign_key_operators(all);
    add_stream_table_operators(all);
    add_window_operators(all);
    add_cogroup_operators(all);
    return all;
  }();
  return kAll;
}

}  // namespace

millrace::Topology Program::build(const Json& description, const millrace::StreamsConfig& config) {
  for (const auto& store : description.value("stores", Json::array())) add_store(builder_, store);
  for (const auto& op : description.value("nodes", Json::array())) {
    const auto found = operators().find(op.at("op").get<std::string>());
    if (found == operators().end()) throw std::invalid_argument("unknown operator: " + op.dump());
    found->second(*this, op);
  }
  return builder_.build(config);
}

const Node& Program::node(const std::string& id) const {
  const auto found = nodes_.find(id);
  if (found == nodes_.end()) throw std::invalid_argument("no node '" + id + "' stands before its use");
  return found->second;
}

}  // namespace oracle::program
