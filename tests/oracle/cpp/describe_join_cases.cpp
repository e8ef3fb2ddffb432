// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/cases.hpp"

// The C++ counterparts of the joins in DescribeStatefulCases.java.

namespace oracle {
namespace {

using millrace::JoinWindows;
using millrace::StreamJoined;

enum class Kind { inner, left, outer };

const JoinWindows& window() {
  static const auto kWindow = JoinWindows::of_time_difference_and_grace(Millis(10'000), Millis(5'000));
  return kWindow;
}

struct Joiner {
  S operator()(const S& left, const S&) const { return left; }
  S operator()(const S& left, const S*) const { return left; }
  S operator()(const S* left, const S*) const { return left ? *left : S(); }
};

KStream<S, S> join(Kind kind, const KStream<S, S>& left, const KStream<S, S>& right,
                   const JoinWindows& windows = window(), const StreamJoined& joined = {}) {
  switch (kind) {
    case Kind::inner: return left.join(right, Joiner(), windows, joined);
    case Kind::left: return left.left_join(right, Joiner(), windows, joined);
    case Kind::outer: break;
  }
  return left.outer_join(right, Joiner(), windows, joined);
}

void joins(Cases& cases, Kind kind, const std::string& prefix) {
  cases[prefix] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l");
    join(kind, l, b.stream<S, S>("r")).to("out");
  };
  cases[prefix + "-named"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l");
    join(kind, l, b.stream<S, S>("r"), window(), StreamJoined().with_name("meet")).to("out");
  };
  cases[prefix + "-store-named"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l");
    join(kind, l, b.stream<S, S>("r"), window(), StreamJoined::as("kept")).to("out");
  };
  cases[prefix + "-both-named"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l");
    join(kind, l, b.stream<S, S>("r"), window(), StreamJoined::as("kept").with_name("meet")).to("out");
  };
  cases[prefix + "-rekeyed"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l").select_key(value_as_key());
    join(kind, l, b.stream<S, S>("r").select_key(value_as_key())).to("out");
  };
  cases[prefix + "-rekeyed-named"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l").select_key(value_as_key());
    const auto r = b.stream<S, S>("r").select_key(value_as_key());
    join(kind, l, r, window(), StreamJoined::as("kept").with_name("meet")).to("out");
  };
  cases[prefix + "-rekeyed-left"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l").map(swapped());
    join(kind, l, b.stream<S, S>("r")).to("out");
  };
  cases[prefix + "-rekeyed-right"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l");
    join(kind, l, b.stream<S, S>("r").select_key(value_as_key(), Named::as("by-value"))).to("out");
  };
  cases[prefix + "-no-grace"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l");
    join(kind, l, b.stream<S, S>("r"),
         JoinWindows::of_time_difference_with_no_grace(Millis(10)).before(Millis(5)).after(Millis(7)))
        .to("out");
  };
  cases[prefix + "-legacy-windows"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l");
    join(kind, l, b.stream<S, S>("r"), JoinWindows::of(Millis(10))).to("out");
  };
  cases[prefix + "-supplied-stores"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l");
    join(kind, l, b.stream<S, S>("r"), window(),
         StreamJoined()
             .with_this_store("mine", millrace::StoreMedium::in_memory)
             .with_other_store("theirs", millrace::StoreMedium::in_memory))
        .to("out");
  };
  cases[prefix + "-with-itself"] = [kind](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    join(kind, s, s).to("out");
  };
  cases[prefix + "-same-topic-read-twice"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("in");
    join(kind, l, b.stream<S, S>("in")).to("out");
  };
  cases[prefix + "-then-join"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("a");
    const auto first = join(kind, l, b.stream<S, S>("b"));
    join(kind, first, b.stream<S, S>("c")).to("out");
  };
  cases[prefix + "-then-group-by"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l");
    join(kind, l, b.stream<S, S>("r")).group_by(value_as_key()).count().to_stream().to("out");
  };
  cases[prefix + "-then-group-by-key"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l").select_key(value_as_key());
    join(kind, l, b.stream<S, S>("r")).group_by_key().count().to_stream().to("out");
  };
}

void shared_repartitions(Cases& cases) {
  cases["rekeyed-stream-joined-twice"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in").select_key(value_as_key());
    join(Kind::inner, s, b.stream<S, S>("r1")).to("o1");
    join(Kind::inner, s, b.stream<S, S>("r2")).to("o2");
  };
  cases["rekeyed-stream-joined-twice-named"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in").select_key(value_as_key());
    join(Kind::inner, s, b.stream<S, S>("r1"), window(), StreamJoined().with_name("one")).to("o1");
    join(Kind::inner, s, b.stream<S, S>("r2"), window(), StreamJoined().with_name("two")).to("o2");
  };
  cases["rekeyed-stream-joined-left-then-inner"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in").select_key(value_as_key());
    join(Kind::left, s, b.stream<S, S>("r1")).to("o1");
    join(Kind::inner, b.stream<S, S>("r2"), s).to("o2");
  };
  cases["rekeyed-stream-joined-with-itself"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in").select_key(value_as_key());
    join(Kind::inner, s, s).to("out");
  };
  cases["rekeyed-stream-grouped-twice"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in").select_key(value_as_key());
    s.group_by_key().count().to_stream().to("o1");
    s.group_by_key().reduce(last()).to_stream().to("o2");
  };
  cases["rekeyed-stream-joined-and-grouped"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in").select_key(value_as_key());
    join(Kind::inner, s, b.stream<S, S>("r")).to("o1");
    s.group_by_key().count().to_stream().to("o2");
  };
  cases["rekeyed-then-stateless-joined"] = [](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l").select_key(value_as_key()).filter(always()).map_values(same()).peek(nothing());
    join(Kind::inner, l, b.stream<S, S>("r").flat_map_values(one_value())).to("out");
  };
}

}  // namespace

Cases describe_join_cases() {
  Cases cases;
  joins(cases, Kind::inner, "join-inner");
  joins(cases, Kind::left, "join-left");
  joins(cases, Kind::outer, "join-outer");
  shared_repartitions(cases);
  cases["buy-stream"] = [](StreamsBuilder& b) {
    const auto alerts = b.stream<S, S>("alerts").select_key(value_as_key());
    const auto variations = b.stream<S, S>("variations").select_key(value_as_key());
    const auto within = JoinWindows::of_time_difference_and_grace(std::chrono::minutes(5), std::chrono::hours(24));
    join(Kind::inner, alerts, variations, within).filter(always()).map_values(same()).to("buy");
  };
  return cases;
}

}  // namespace oracle
