// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "oracle/cpp/join.hpp"

// Twins of TraceJoinCases.java.

namespace oracle {
namespace {

using millrace::Grouped;
using millrace::JoinWindows;
using millrace::Materialized;
using millrace::StreamJoined;

JoinWindows no_grace(int ms) { return JoinWindows::of_time_difference_with_no_grace(Millis(ms)); }
JoinWindows grace(int ms, int grace_ms) {
  return JoinWindows::of_time_difference_and_grace(Millis(ms), Millis(grace_ms));
}
StreamJoined stored(const S& name) { return StreamJoined::as(name); }

/// `l` with `r` to `out`.
auto simple(Join kind, const JoinWindows& windows, const StreamJoined& joined = stored("sj")) {
  return [=](StreamsBuilder& b) {
    const auto l = b.stream<N, N>("l");
    join(kind, l, b.stream<N, N>("r"), windows, joined).to("out");
  };
}

void timelines(Cases& cases, Join kind, const S& prefix) {
  cases[prefix + "exact-bounds"] = simple(kind, no_grace(10));
  cases[prefix + "asymmetric-bounds"] = simple(kind, no_grace(10).before(Millis(5)).after(Millis(7)));
  cases[prefix + "only-after"] = simple(kind, no_grace(10).before(Millis(0)));
  cases[prefix + "only-before"] = simple(kind, no_grace(10).after(Millis(0)));
  cases[prefix + "width-zero"] = simple(kind, no_grace(0));
  cases[prefix + "equal-timestamps"] = simple(kind, no_grace(10));
  cases[prefix + "out-of-order"] = simple(kind, grace(10, 20));
  cases[prefix + "late-beyond-retention"] = simple(kind, grace(10, 5));
  cases[prefix + "null-keys-and-values"] = simple(kind, no_grace(10));
  cases[prefix + "headers"] = simple(kind, no_grace(10));
  cases[prefix + "negative-start-is-clipped"] = simple(kind, no_grace(10));
  cases[prefix + "several-keys"] = simple(kind, grace(10, 3));
  cases[prefix + "supplied-stores"] = simple(kind, no_grace(10),
                                             StreamJoined()
                                                 .with_this_store("mine", millrace::StoreMedium::in_memory)
                                                 .with_other_store("theirs", millrace::StoreMedium::in_memory));
  cases[prefix + "without-changelog"] = simple(kind, no_grace(10), stored("sj").with_logging_disabled());
  cases[prefix + "rekeyed"] = [kind](StreamsBuilder& b) {
    const auto first = [](const N& v) { return v ? N(v->substr(0, 1)) : N(); };
    const auto l = b.stream<N, N>("l").select_key(first);
    join(kind, l, b.stream<N, N>("r").select_key(first), no_grace(10), {}).to("out");
  };
  cases[prefix + "rekeyed-named"] = [kind](StreamsBuilder& b) {
    const auto l = b.stream<N, N>("l").select_key([](const N& v) { return v; });
    join(kind, l, b.stream<N, N>("r"), no_grace(10), StreamJoined::as("kept").with_name("meet")).to("out");
  };
  cases[prefix + "with-itself"] = [kind](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("in");
    join(kind, s, s, no_grace(10), stored("sj")).to("out");
  };
}

void outer_bookkeeping(Cases& cases, Join kind, const S& prefix) {
  cases[prefix + "unmatched-come-out-in-order"] = simple(kind, grace(10, 5));
  cases[prefix + "late-record-does-not-release"] = simple(kind, grace(10, 5));
  cases[prefix + "match-after-duplicate"] = simple(kind, grace(10, 5));
  cases[prefix + "grace-zero-and-long-gap"] = simple(kind, no_grace(5));
}

void topologies(Cases& cases) {
  const auto concat = [](const S& x, const S& y) { return N(x + y); };
  cases["joins-in-a-row"] = [](StreamsBuilder& b) {
    const auto a = b.stream<N, N>("a");
    const auto first = a.join(
        b.stream<N, N>("b"), [](const S& x, const S& y) { return N(x + "+" + y); }, no_grace(10), stored("first"));
    first
        .join(
            b.stream<N, N>("c"), [](const S& x, const S& y) { return x + "*" + y; }, no_grace(10), stored("second"))
        .to("out");
  };
  cases["join-then-count"] = [concat](StreamsBuilder& b) {
    const auto l = b.stream<N, N>("l");
    l.join(b.stream<N, N>("r"), concat, no_grace(10), stored("sj"))
        .group_by_key()
        .count(Materialized::as("c"))
        .to_stream()
        .to("out");
  };
  cases["rekeyed-stream-joined-twice"] = [concat](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("in").select_key([](const N& v) { return v; });
    s.join(b.stream<N, N>("r1"), concat, no_grace(10)).to("o1");
    s.join(b.stream<N, N>("r2"), concat, no_grace(10)).to("o2");
  };
  cases["buy-stream"] = [](StreamsBuilder& b) {
    const auto alerts = b.stream<N, S>("alerts").select_key([](const S& id) { return id; });
    const auto variations =
        b.stream<N, S>("variations").select_key([](const S& v) { return v.substr(0, v.find(' ')); });
    alerts
        .join(
            variations, [](const S&, const S& v) { return v.substr(v.find(' ') + 1); },
            JoinWindows::of_time_difference_and_grace(std::chrono::minutes(5), std::chrono::hours(24)))
        .filter([](const S& ex) { return std::abs(std::stod(ex)) > 0.02; })
        .map_values([](const S& id, const S&) { return R"({"A_ID":")" + id + R"("})"; })
        .to("buy");
  };
}

}  // namespace

Cases trace_join_cases() {
  Cases cases;
  timelines(cases, Join::inner, "inner-join-");
  timelines(cases, Join::left, "left-join-");
  timelines(cases, Join::outer, "outer-join-");
  outer_bookkeeping(cases, Join::left, "left-join-");
  outer_bookkeeping(cases, Join::outer, "outer-join-");
  cases["outer-join-reference"] = simple(Join::outer, no_grace(10'000), stored("oj"));
  cases["left-join-reference"] = simple(Join::left, grace(10, 2).before(Millis(5)).after(Millis(7)));
  topologies(cases);
  return cases;
}

}  // namespace oracle
