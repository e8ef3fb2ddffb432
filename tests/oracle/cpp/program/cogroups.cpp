// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/materialized.hpp"
#include "oracle/cpp/program/windows.hpp"

// Cogrouped streams, plain and in windows.

namespace oracle::program {
namespace {

using Cogrouped = millrace::CogroupedKStream<Dynamic, Dynamic>;

Cogrouped cogrouped(Program& program, const Json& groups) {
  std::optional<Cogrouped> all;
  for (const auto& group : groups) {
    const auto& next = grouped(program.from(group));
    const Aggregator aggregator(fn(group));
    all = all ? all->cogroup(next, aggregator) : next.cogroup<Dynamic>(aggregator);
  }
  return all.value();
}

void cogroup(Program& program, const Json& op) {
  const auto& groups = op.at("groups");
  const auto function = fn(groups.at(0));
  const Initializer initializer(function);
  const auto value = aggregated_type(Function(function));
  const auto key = program.from(groups.at(0)).key;
  const auto streams = cogrouped(program, groups);
  with_materialized<Dynamic, Dynamic>(op, key, value, [&](const auto&... how) {
    if (!op.contains("window")) {
      program.set(op, streams.aggregate(initializer, named(op), how...), key, value);
      return;
    }
    with_windows(op.at("window"), [&]<class W>(const W& windows) {
      const auto type = windowed_key(op.at("window"), key);
      if constexpr (std::is_same_v<W, millrace::SessionWindows>) {
        program.set(op,
                    streams.windowed_by(windows).aggregate(initializer, Merger(function, op.value("merger", "")),
                                                           named(op), how...),
                    type, value);
      } else {
        program.set(op, streams.windowed_by(windows).aggregate(initializer, named(op), how...), type, value);
      }
    });
  });
}

}  // namespace

void add_cogroup_operators(Program::Operators& operators) { operators["cogroup"] = cogroup; }

}  // namespace oracle::program
