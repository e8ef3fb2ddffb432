// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/materialized.hpp"
#include "oracle/cpp/program/program.hpp"

// Grouped tables and their aggregations.

namespace oracle::program {
namespace {

using GroupedTable = millrace::KGroupedTable<Dynamic, Dynamic>;

void table_group_by(Program& program, const Json& op) {
  const Mapper mapper(fn(op));
  const auto& from = program.from(op);
  const auto types = mapped_types(mapper, from.key, from.value);
  const auto how = millrace::Grouped::with(DynamicSerde{types.key}, DynamicSerde{types.value}).with_name(name(op));
  with_table(from, [&](const auto& table) { program.set(op, table.group_by(mapper, how), types.key, types.value); });
}

const GroupedTable& grouped_table(const Node& node) { return as<GroupedTable>(node, "a grouped table"); }

void table_count(Program& program, const Json& op) {
  const auto& from = program.from(op);
  with_materialized<Dynamic, std::int64_t>(op, from.key, Type::number, [&](const auto&... how) {
    program.set(op, grouped_table(from).count(named(op), how...), from.key, Type::number);
  });
}

void table_reduce(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const Reducer adder(fn(op));
  const Reducer subtractor(op.at("minus").get<std::string>());
  const auto type = reduced_type(adder, from.value);
  with_materialized<Dynamic, Dynamic>(op, from.key, type, [&](const auto&... how) {
    program.set(op, grouped_table(from).reduce(adder, subtractor, named(op), how...), from.key, type);
  });
}

void table_aggregate(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const Initializer initializer(fn(op));
  const Aggregator adder(fn(op));
  const Aggregator subtractor(op.at("minus").get<std::string>());
  const auto type = aggregated_type(adder);
  with_materialized<Dynamic, Dynamic>(op, from.key, type, [&](const auto&... how) {
    program.set(op, grouped_table(from).aggregate(initializer, adder, subtractor, named(op), how...), from.key, type);
  });
}

}  // namespace

void add_table_group_operators(Program::Operators& operators) {
  operators["table_group_by"] = table_group_by;
  operators["table_count"] = table_count;
  operators["table_reduce"] = table_reduce;
  operators["table_aggregate"] = table_aggregate;
}

}  // namespace oracle::program
