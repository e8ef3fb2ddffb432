// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/materialized.hpp"
#include "oracle/cpp/program/program.hpp"

// Grouped streams and their aggregations.

namespace oracle::program {
namespace {

using millrace::KGroupedStream;
using millrace::KStream;

template <class K, class V>
auto grouped_as(const Json& op, Type key, Type value) {
  return millrace::Grouped::with(serde_of<K>(key), serde_of<V>(value)).with_name(name(op));
}

/// Calls `use` with the grouped stream in the node, in its static type.
template <class Use>
void with_grouped(const Node& node, Use use) {
  if (const auto* counts = std::any_cast<KGroupedStream<Key, Number>>(&node.what)) return use(*counts);
  if (const auto* windows = std::any_cast<KGroupedStream<WindowedKey, Value>>(&node.what)) return use(*windows);
  if (const auto* both = std::any_cast<KGroupedStream<WindowedKey, Number>>(&node.what)) return use(*both);
  use(grouped(node));
}

void group_by(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const KeySelector selector(fn(op));
  const auto key = selected_key_type(selector, from.key, from.value);
  with_stream(from, [&]<class K, class V>(const KStream<K, V>& stream) {
    program.set(op, stream.group_by(selector, grouped_as<Key, V>(op, key, from.value)), key, from.value);
  });
}

void group_by_key(Program& program, const Json& op) {
  const auto& from = program.from(op);
  with_stream(from, [&]<class K, class V>(const KStream<K, V>& stream) {
    program.set(op, stream.group_by_key(grouped_as<K, V>(op, from.key, from.value)), from.key, from.value);
  });
}

void count(Program& program, const Json& op) {
  const auto& from = program.from(op);
  with_grouped(from, [&]<class K, class V>(const KGroupedStream<K, V>& group) {
    with_materialized<K, std::int64_t>(op, from.key, Type::number, [&](const auto&... how) {
      program.set(op, group.count(named(op), how...), from.key, Type::number);
    });
  });
}

void reduce_group(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const Reducer reducer(fn(op));
  const auto type = reduced_type(reducer, from.value);
  with_materialized<Dynamic, Dynamic>(op, from.key, type, [&](const auto&... how) {
    program.set(op, grouped(from).reduce(reducer, named(op), how...), from.key, type);
  });
}

void aggregate_group(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const Initializer initializer(fn(op));
  const Aggregator aggregator(fn(op));
  const auto type = aggregated_type(aggregator);
  with_grouped(from, [&]<class K, class V>(const KGroupedStream<K, V>& group) {
    with_materialized<K, Dynamic>(op, from.key, type, [&](const auto&... how) {
      program.set(op, group.aggregate(initializer, aggregator, named(op), how...), from.key, type);
    });
  });
}

void to_stream(Program& program, const Json& op) {
  const auto& from = program.from(op);
  with_table(from, [&](const auto& table) {
    if (op.contains("fn")) {
      const KeySelector selector(fn(op));
      program.set(op, table.to_stream(selector, named(op)), selected_key_type(selector, from.key, from.value),
                  from.value);
    } else {
      program.set(op, table.to_stream(named(op)), from.key, from.value);
    }
  });
}

}  // namespace

void add_group_operators(Program::Operators& operators) {
  operators["group_by"] = group_by;
  operators["group_by_key"] = group_by_key;
  operators["count"] = count;
  operators["reduce"] = reduce_group;
  operators["aggregate"] = aggregate_group;
  operators["to_stream"] = to_stream;
}

}  // namespace oracle::program
