// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/materialized.hpp"
#include "oracle/cpp/program/program.hpp"

// Joins of two tables by key.

namespace oracle::program {
namespace {

template <class K, class Right>
void join_tables(Program& program, const Json& op, const millrace::KTable<K, Dynamic>& left,
                 const millrace::KTable<K, Right>& right) {
  const auto& from = program.from(op);
  const auto& with = program.with(op);
  const Joiner joiner(fn(op));
  const auto kind = op.at("op").get<std::string>();
  const auto type = joined_type(joiner, from.value, with.value);
  with_materialized<K, Dynamic>(op, from.key, type, [&](const auto&... how) {
    program.set(op,
                kind == "table_join"        ? left.join(right, joiner, named(op), how...)
                : kind == "table_left_join" ? left.left_join(right, joiner, named(op), how...)
                                            : left.outer_join(right, joiner, named(op), how...),
                from.key, type);
  });
}

void table_join(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const auto& with = program.with(op);
  if (const auto* windows = std::any_cast<WindowedTable>(&from.what)) {
    join_tables(program, op, *windows, as<WindowedTable>(with, "a table to join with"));
  } else if (const auto* counts = std::any_cast<CountTable>(&with.what)) {
    join_tables(program, op, table(from), *counts);
  } else {
    join_tables(program, op, table(from), table(with));
  }
}

}  // namespace

void add_table_join_operators(Program::Operators& operators) {
  operators["table_join"] = table_join;
  operators["table_left_join"] = table_join;
  operators["table_outer_join"] = table_join;
}

}  // namespace oracle::program
