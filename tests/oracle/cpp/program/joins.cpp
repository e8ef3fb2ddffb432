// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/program.hpp"

// Joins of two streams.

namespace oracle::program {
namespace {

using millrace::JoinWindows;
using millrace::Millis;
using millrace::StoreMedium;
using millrace::StreamJoined;

JoinWindows windows(const Json& op) {
  const Millis before(op.value("before", std::int64_t(0)));
  const Millis after(op.value("after", std::int64_t(0)));
  if (op.value("legacy", false)) return JoinWindows::of(before).after(after);
  return JoinWindows::of_time_difference_and_grace(before, Millis(op.value("grace", std::int64_t(0)))).after(after);
}

template <class K, class Left, class Right>
void join_streams(Program& program, const Json& op, const millrace::KStream<K, Left>& left,
                  const millrace::KStream<K, Right>& right) {
  const auto& from = program.from(op);
  const auto& with = program.with(op);
  const Joiner joiner(fn(op));
  auto joined =
      StreamJoined::with(serde_of<K>(from.key), serde_of<Kept<Left>>(from.value), serde_of<Kept<Right>>(with.value))
          .with_name(name(op));
  if (op.contains("store")) joined = joined.with_store_name(op.at("store"));
  if (!op.value("logging", true)) joined = joined.with_logging_disabled();
  if (op.contains("in_memory")) {
    joined = joined.with_store_type(op.at("in_memory") ? StoreMedium::in_memory : StoreMedium::rocksdb);
  }
  const auto medium = op.value("in_memory", false) ? StoreMedium::in_memory : StoreMedium::rocksdb;
  if (op.contains("this_store")) joined = joined.with_this_store(op.at("this_store"), medium);
  if (op.contains("other_store")) joined = joined.with_other_store(op.at("other_store"), medium);
  const auto kind = op.at("op").get<std::string>();
  const auto result = kind == "join"        ? left.join(right, joiner, windows(op), joined)
                      : kind == "left_join" ? left.left_join(right, joiner, windows(op), joined)
                                            : left.outer_join(right, joiner, windows(op), joined);
  program.set(op, result, from.key, joined_type(joiner, from.value, with.value));
}

void join_streams_of_any_type(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const auto& with = program.with(op);
  if (const auto* windows = std::any_cast<WindowedStream>(&from.what)) {
    join_streams(program, op, *windows, as<WindowedStream>(with, "a stream of windowed keys"));
  } else if (const auto* counts = std::any_cast<CountStream>(&with.what)) {
    join_streams(program, op, stream(from), *counts);
  } else {
    join_streams(program, op, stream(from), stream(with));
  }
}

}  // namespace

void add_join_operators(Program::Operators& operators) {
  operators["join"] = join_streams_of_any_type;
  operators["left_join"] = join_streams_of_any_type;
  operators["outer_join"] = join_streams_of_any_type;
}

}  // namespace oracle::program
