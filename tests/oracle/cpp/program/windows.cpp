// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/windows.hpp"

#include "oracle/cpp/program/materialized.hpp"

// Windowed aggregations.

namespace oracle::program {
namespace {

template <class W>
using InTime = millrace::TimeWindowedKStream<Key, Value, W>;
using InSessions = millrace::SessionWindowedKStream<Key, Value>;

millrace::EmitStrategy emit(const Json& op) {
  return op.value("emit", "update") == "close" ? millrace::EmitStrategy::on_window_close()
                                               : millrace::EmitStrategy::on_window_update();
}

void windowed_by(Program& program, const Json& op) {
  const auto& from = program.from(op);
  with_windows(op.at("window"), [&](const auto& windows) {
    program.set(op, grouped(from).windowed_by(windows).emit_strategy(emit(op)), windowed_key(op.at("window"), from.key),
                from.value);
  });
}

template <class Use>
void with_windowed(const Node& node, Use use) {
  if (const auto* fixed = std::any_cast<InTime<millrace::TimeWindows>>(&node.what)) return use(*fixed);
  if (const auto* unlimited = std::any_cast<InTime<millrace::UnlimitedWindows>>(&node.what)) return use(*unlimited);
  if (const auto* sliding = std::any_cast<InTime<millrace::SlidingWindows>>(&node.what)) return use(*sliding);
  use(as<InSessions>(node, "a windowed stream"));
}

void count(Program& program, const Json& op) {
  const auto& from = program.from(op);
  with_windowed(from, [&](const auto& stream) {
    with_materialized<Dynamic, std::int64_t>(op, from.key, Type::number, [&](const auto&... how) {
      program.set(op, stream.count(named(op), how...), from.key, Type::number);
    });
  });
}

void reduce_windows(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const Reducer reducer(fn(op));
  const auto type = reduced_type(reducer, from.value);
  with_windowed(from, [&](const auto& stream) {
    with_materialized<Dynamic, Dynamic>(op, from.key, type, [&](const auto&... how) {
      program.set(op, stream.reduce(reducer, named(op), how...), from.key, type);
    });
  });
}

void aggregate_windows(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const Initializer initializer(fn(op));
  const Aggregator aggregator(fn(op));
  const auto type = aggregated_type(aggregator);
  with_windowed(from, [&]<class S>(const S& stream) {
    with_materialized<Dynamic, Dynamic>(op, from.key, type, [&](const auto&... how) {
      if constexpr (std::is_same_v<S, InSessions>) {
        program.set(
            op, stream.aggregate(initializer, aggregator, Merger(fn(op), op.value("merger", "")), named(op), how...),
            from.key, type);
      } else {
        program.set(op, stream.aggregate(initializer, aggregator, named(op), how...), from.key, type);
      }
    });
  });
}

}  // namespace

void add_window_operators(Program::Operators& operators) {
  operators["windowed_by"] = windowed_by;
  operators["windowed_count"] = count;
  operators["windowed_reduce"] = reduce_windows;
  operators["windowed_aggregate"] = aggregate_windows;
}

}  // namespace oracle::program
