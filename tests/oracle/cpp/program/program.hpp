// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <any>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "millrace/config/streams_config.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "oracle/cpp/program/functions.hpp"
#include "oracle/cpp/program/value.hpp"

namespace oracle::program {

using Json = nlohmann::json;

/// The result of an operator (a stream, a grouped stream, a table...), and the types of its keys and values.
struct Node {
  std::any what;
  Type key = Type::string;
  Type value = Type::string;
};

/// Builds the topology of a program (tests/oracle/README.md). `nodes` is a list of operators, and each operator refers
/// to earlier ones by their id. The counterpart of ProgramTopology.java.
class Program {
 public:
  using Operator = std::function<void(Program&, const Json& op)>;
  using Operators = std::map<std::string, Operator>;

  /// Throws what Millrace throws for a wrong topology, and std::invalid_argument if the program itself is wrong.
  [[nodiscard]] millrace::Topology build(const Json& description, const millrace::StreamsConfig& config);

  [[nodiscard]] millrace::StreamsBuilder& builder() { return builder_; }
  [[nodiscard]] const Node& node(const std::string& id) const;
  [[nodiscard]] const Node& from(const Json& op) const { return node(op.at("from")); }
  [[nodiscard]] const Node& with(const Json& op) const { return node(op.at("with")); }
  template <class T>
  void set(const std::string& id, T what, Type key, Type value) {
    nodes_.insert_or_assign(id, Node{std::move(what), key, value});
  }
  /// Stores the result of `op` if a later operator can refer to it.
  template <class T>
  void set(const Json& op, T what, Type key, Type value) {
    if (op.contains("id")) set(op.at("id").get<std::string>(), std::move(what), key, value);
  }

 private:
  millrace::StreamsBuilder builder_;
  std::map<std::string, Node> nodes_;
};

/// Builds the topology of a program with `"by_hand": true`, whose nodes are added by name.
[[nodiscard]] millrace::Topology topology_by_hand(const Json& description);

// One file for each of these functions:
void add_stream_operators(Program::Operators& operators);
void add_processor_operators(Program::Operators& operators);
void add_join_operators(Program::Operators& operators);
void add_group_operators(Program::Operators& operators);
void add_table_operators(Program::Operators& operators);
void add_table_group_operators(Program::Operators& operators);
void add_table_join_operators(Program::Operators& operators);
void add_foreign_key_operators(Program::Operators& operators);
void add_stream_table_operators(Program::Operators& operators);
void add_window_operators(Program::Operators& operators);
void add_cogroup_operators(Program::Operators& operators);
void add_store(millrace::StreamsBuilder& builder, const Json& store);

// --- what operators read from their JSON

[[nodiscard]] inline std::string name(const Json& op) { return op.value("name", std::string()); }
[[nodiscard]] inline millrace::Named named(const Json& op) {
  return op.contains("name") ? millrace::Named::as(name(op)) : millrace::Named();
}
[[nodiscard]] inline std::string fn(const Json& op) { return op.value("fn", std::string()); }

/// The node's content as a T. Throws std::invalid_argument if the node holds something else.
template <class T>
[[nodiscard]] const T& as(const Node& node, const char* what) {
  const auto* found = std::any_cast<T>(&node.what);
  if (found == nullptr) throw std::invalid_argument(std::string("a node is not what its user needs: ") + what);
  return *found;
}

using Stream = millrace::KStream<Key, Value>;
using Grouped = millrace::KGroupedStream<Key, Value>;
using Table = millrace::KTable<Dynamic, Dynamic>;
using CountTable = millrace::KTable<Dynamic, std::int64_t>;
using WindowedTable = millrace::KTable<WindowedKey, Dynamic>;
using WindowedCountTable = millrace::KTable<WindowedKey, std::int64_t>;

[[nodiscard]] inline const Stream& stream(const Node& node) { return as<Stream>(node, "a stream"); }
[[nodiscard]] inline const Grouped& grouped(const Node& node) { return as<Grouped>(node, "a grouped stream"); }
using CountStream = millrace::KStream<Key, Number>;
using WindowedStream = millrace::KStream<WindowedKey, Value>;
using WindowedCountStream = millrace::KStream<WindowedKey, Number>;
[[nodiscard]] inline const Table& table(const Node& node) { return as<Table>(node, "a table"); }

/// Calls `use` with the stream in the node, in its static type.
template <class Use>
void with_stream(const Node& node, Use use) {
  if (const auto* plain = std::any_cast<Stream>(&node.what)) return use(*plain);
  if (const auto* counts = std::any_cast<CountStream>(&node.what)) return use(*counts);
  if (const auto* windows = std::any_cast<WindowedStream>(&node.what)) return use(*windows);
  if (const auto* both = std::any_cast<WindowedCountStream>(&node.what)) return use(*both);
  throw std::invalid_argument("a node is not a stream");
}

/// The type of a stream's values without null.
template <class V>
using Kept = typename V::value_type;

/// Calls `use` with the table in the node, in its static type.
template <class Use>
void with_table(const Node& node, Use use) {
  if (const auto* plain = std::any_cast<Table>(&node.what)) return use(*plain);
  if (const auto* counts = std::any_cast<CountTable>(&node.what)) return use(*counts);
  if (const auto* windows = std::any_cast<WindowedTable>(&node.what)) return use(*windows);
  if (const auto* both = std::any_cast<WindowedCountTable>(&node.what)) return use(*both);
  throw std::invalid_argument("a node is not a table");
}

/// The serde of a static type. `type` says what a Dynamic in the type holds.
[[nodiscard]] inline DynamicSerde serde(const Dynamic* /*type*/, Type type) { return {type}; }
[[nodiscard]] inline ValueSerde serde(const Value* /*type*/, Type type) { return {type}; }
[[nodiscard]] inline millrace::AnySerde<Number> serde(const Number* /*type*/, Type /*type*/) {
  return millrace::AnySerde<Number>();
}
[[nodiscard]] inline millrace::AnySerde<std::int64_t> serde(const std::int64_t* /*type*/, Type /*type*/) {
  return millrace::AnySerde<std::int64_t>();
}
[[nodiscard]] inline WindowedKeySerde serde(const WindowedKey* /*type*/, Type type) { return {type}; }
template <class T>
[[nodiscard]] auto serde_of(Type type) {
  return serde(static_cast<const T*>(nullptr), type);
}

}  // namespace oracle::program
