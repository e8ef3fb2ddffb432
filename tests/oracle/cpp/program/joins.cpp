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

void join_streams(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const auto& with = program.with(op);
  const Joiner joiner(fn(op));
  auto joined = StreamJoined::with(DynamicSerde{from.key}, DynamicSerde{from.value}, DynamicSerde{with.value})
                    .with_name(name(op));
  if (op.contains("store")) joined = joined.with_store_name(op.at("store"));
  if (!op.value("logging", true)) joined = joined.with_logging_disabled();
  if (op.contains("in_memory")) {
    joined = joined.with_store_type(op.at("in_memory") ? StoreMedium::in_memory : StoreMedium::rocksdb);
  }
  const auto kind = op.at("op").get<std::string>();
  const auto& left = stream(from);
  const auto& right = stream(with);
  const auto result = kind == "join"        ? left.join(right, joiner, windows(op), joined)
                      : kind == "left_join" ? left.left_join(right, joiner, windows(op), joined)
                                            : left.outer_join(right, joiner, windows(op), joined);
  program.set(op, result, from.key, joined_type(joiner, from.value, with.value));
}

}  // namespace

void add_join_operators(Program::Operators& operators) {
  operators["join"] = join_streams;
  operators["left_join"] = join_streams;
  operators["outer_join"] = join_streams;
}

}  // namespace oracle::program
