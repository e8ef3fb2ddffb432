// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/program.hpp"

// Joins of streams with tables.

namespace oracle::program {
namespace {

template <class K, class V>
void join_with_table(Program& program, const Json& op, const millrace::KStream<K, Value>& stream,
                     const millrace::KTable<K, V>& table) {
  const auto& from = program.from(op);
  const auto& with = program.with(op);
  const Joiner joiner(fn(op));
  auto joined = millrace::Joined::with(serde_of<K>(from.key), serde_of<Dynamic>(from.value), serde_of<V>(with.value))
                    .with_name(name(op));
  if (op.contains("grace")) joined = joined.with_grace_period(millrace::Millis(op.at("grace").get<std::int64_t>()));
  program.set(
      op,
      op.at("op") == "stream_table_join" ? stream.join(table, joiner, joined) : stream.left_join(table, joiner, joined),
      from.key, joined_type(joiner, from.value, with.value));
}

void stream_table_join(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const auto& with = program.with(op);
  if (const auto* windows = std::any_cast<WindowedStream>(&from.what)) {
    join_with_table(program, op, *windows, as<WindowedTable>(with, "a table of windowed keys"));
  } else if (const auto* counts = std::any_cast<CountTable>(&with.what)) {
    join_with_table(program, op, stream(from), *counts);
  } else {
    join_with_table(program, op, stream(from), table(with));
  }
}

void global_join(Program& program, const Json& op) {
  using GlobalTable = millrace::GlobalKTable<Dynamic, Dynamic>;
  const auto& from = program.from(op);
  const auto& with = program.with(op);
  const auto& table = as<GlobalTable>(with, "a global table");
  const KeySelector selector(op.at("key_fn").get<std::string>());
  const auto join = [&](const auto& joiner) {
    program.set(op,
                op.at("op") == "global_join" ? stream(from).join(table, selector, joiner, named(op))
                                             : stream(from).left_join(table, selector, joiner, named(op)),
                from.key, joined_type(Function(fn(op)), from.value, with.value));
  };
  if (fn(op) == "with_keys") {
    join(JoinerWithKeys());
  } else {
    join(Joiner(fn(op)));
  }
}

}  // namespace

void add_stream_table_operators(Program::Operators& operators) {
  operators["stream_table_join"] = stream_table_join;
  operators["stream_table_left_join"] = stream_table_join;
  operators["global_join"] = global_join;
  operators["global_left_join"] = global_join;
}

}  // namespace oracle::program
