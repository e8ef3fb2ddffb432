// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/materialized.hpp"
#include "oracle/cpp/program/program.hpp"

// Joins of two tables by foreign key.

namespace oracle::program {
namespace {

/// Returns the foreign key in a value.
struct ForeignKey : Function {
  using Function::Function;
  Value operator()(const Dynamic& value) const { return nullable(select_key(*this, {}, value)); }
};

struct LastPartition {
  std::optional<std::int32_t> operator()(const std::string& /*topic*/, const Dynamic& /*key*/,
                                         const millrace::Headers& /*headers*/, std::int32_t partitions) const {
    return partitions - 1;
  }
};

void foreign_key_join(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const auto& with = program.with(op);
  const Joiner joiner(fn(op));
  const ForeignKey key(op.at("fk").get<std::string>());
  const auto type = joined_type(joiner, from.value, with.value);
  const auto add = [&](const auto& joined) {
    with_materialized<Dynamic, Dynamic>(op, from.key, type, [&](const auto&... how) {
      program.set(op,
                  op.at("op") == "fk_join" ? table(from).join(table(with), key, joiner, joined, how...)
                                           : table(from).left_join(table(with), key, joiner, joined, how...),
                  from.key, type);
    });
  };
  const auto joined = millrace::TableJoined().with_name(name(op));
  if (op.value("partitioners", false)) {
    add(joined.with_partitioner(LastPartition()).with_other_partitioner(LastPartition()));
  } else {
    add(joined);
  }
}

}  // namespace

void add_foreign_key_operators(Program::Operators& operators) {
  operators["fk_join"] = foreign_key_join;
  operators["fk_left_join"] = foreign_key_join;
}

}  // namespace oracle::program
