// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/cases.hpp"

// The C++ counterparts of DescribeWindowCases.java, and of the windows and cogroups in ReferenceCases.java.

namespace oracle {
namespace {

using millrace::BufferConfig;
using millrace::EmitStrategy;
using millrace::Grouped;
using millrace::KGroupedStream;
using millrace::Materialized;
using millrace::SessionWindows;
using millrace::SlidingWindows;
using millrace::Suppressed;
using millrace::TimeWindows;
using millrace::UnlimitedWindows;
using namespace std::chrono_literals;

const auto kTumbling = TimeWindows::of_size_with_no_grace(1min);
const auto kSliding = SlidingWindows::of_time_difference_with_no_grace(1min);
const auto kSession = SessionWindows::of_inactivity_gap_with_no_grace(1min);

auto empty() {
  return [] { return S(); };
}
auto last_of_key() {
  return [](const S&, const S& value, const S&) { return value; };
}
auto later() {
  return [](const S&, const S&, const S& y) { return y; };
}
auto append() {
  return [](const S&, const S& value, const S& aggregate) { return aggregate + value; };
}

KGroupedStream<S, S> grouped(StreamsBuilder& b, bool rekeyed, const Grouped& how = {}) {
  const auto s = b.stream<S, S>("in");
  return rekeyed ? s.group_by(value_as_key(), how) : s.group_by_key(how);
}

template <class W>
void fixed(Cases& cases, const S& kind, const W& windows, bool rekeyed) {
  const S prefix = "window-" + kind + (rekeyed ? "-rekeyed" : "");
  cases[prefix] = [=](StreamsBuilder& b) {
    const auto g = grouped(b, rekeyed).windowed_by(windows);
    g.count().to_stream().to("o1");
    g.count(Materialized()).to_stream().to("o2");
    g.reduce(last()).to_stream().to("o3");
    g.reduce(last(), Materialized()).to_stream().to("o4");
    g.aggregate(empty(), last_of_key()).to_stream().to("o5");
    g.aggregate(empty(), last_of_key(), Materialized()).to_stream().to("o6");
  };
  cases[prefix + "-named"] = [=](StreamsBuilder& b) {
    const auto g = grouped(b, rekeyed, Grouped::as("g")).windowed_by(windows);
    g.count(Named::as("c")).to_stream().to("o1");
    g.count(Named::as("c2"), Materialized::as("kept")).to_stream(Named::as("s")).to("o2");
    g.reduce(last(), Named::as("r"), Materialized::as("kept2")).to_stream().to("o3");
    g.aggregate(empty(), last_of_key(), Named::as("a"), Materialized()).to_stream().to("o4");
  };
}

void sliding(Cases& cases, bool rekeyed) {
  const S prefix = S("window-sliding") + (rekeyed ? "-rekeyed" : "");
  cases[prefix] = [=](StreamsBuilder& b) {
    const auto g = grouped(b, rekeyed).windowed_by(kSliding);
    g.count().to_stream().to("o1");
    g.count(Materialized()).to_stream().to("o2");
    g.reduce(last()).to_stream().to("o3");
    g.aggregate(empty(), last_of_key(), Materialized()).to_stream().to("o4");
  };
  cases[prefix + "-named"] = [=](StreamsBuilder& b) {
    const auto g = grouped(b, rekeyed, Grouped::as("g")).windowed_by(kSliding);
    g.count(Named::as("c")).to_stream().to("o1");
    g.reduce(last(), Named::as("r"), Materialized::as("kept")).to_stream().to("o2");
  };
}

void session(Cases& cases, bool rekeyed) {
  const S prefix = S("window-session") + (rekeyed ? "-rekeyed" : "");
  cases[prefix] = [=](StreamsBuilder& b) {
    const auto g = grouped(b, rekeyed).windowed_by(kSession);
    g.count().to_stream().to("o1");
    g.count(Materialized()).to_stream().to("o2");
    g.reduce(last()).to_stream().to("o3");
    g.aggregate(empty(), last_of_key(), later(), Materialized()).to_stream().to("o4");
  };
  cases[prefix + "-named"] = [=](StreamsBuilder& b) {
    const auto g = grouped(b, rekeyed, Grouped::as("g")).windowed_by(kSession);
    g.count(Named::as("c")).to_stream().to("o1");
    g.emit_strategy(EmitStrategy::on_window_close())
        .reduce(last(), Named::as("r"), Materialized::as("kept"))
        .to_stream()
        .to("o2");
  };
}

void cogroups(Cases& cases) {
  cases["cogroup-named"] = [](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l").group_by_key();
    const auto r = b.stream<S, S>("r").group_by(value_as_key(), Grouped::as("g"));
    l.cogroup(append())
        .cogroup(r, append())
        .aggregate(empty(), Named::as("co"), Materialized::as("kept"))
        .to_stream()
        .to("out");
  };
  cases["cogroup-aggregated-twice"] = [](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l").group_by(value_as_key());
    const auto r = b.stream<S, S>("r").group_by(value_as_key(), Grouped::as("g"));
    const auto c = l.cogroup(append()).cogroup(r, append());
    c.aggregate(empty(), Materialized::as("first")).to_stream().to("o1");
    c.aggregate(empty()).to_stream().to("o2");
  };
  cases["cogroup-of-one"] = [](StreamsBuilder& b) {
    b.stream<S, S>("l").group_by_key().cogroup(append()).aggregate(empty()).to_stream().to("out");
  };
  cases["cogroup-windowed"] = [](StreamsBuilder& b) {
    const auto l = b.stream<S, S>("l").group_by_key();
    const auto r = b.stream<S, S>("r").group_by_key();
    const auto c = l.cogroup(append()).cogroup(r, append());
    c.windowed_by(kTumbling).aggregate(empty()).to_stream().to("o1");
    c.windowed_by(kSliding).aggregate(empty(), Named::as("co"), Materialized()).to_stream().to("o2");
    c.windowed_by(kSession).aggregate(empty(), later(), Materialized::as("kept")).to_stream().to("o3");
  };
}

void references(Cases& cases) {
  cases["07-windowed-count-suppress"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of_size_and_grace(1min, 5s))
        .count()
        .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
        .to_stream()
        .to("out");
  };
  cases["08-windowed-variants"] = [](StreamsBuilder& b) {
    const auto g = b.stream<S, S>("in").group_by_key();
    g.windowed_by(kTumbling).count(Materialized()).to_stream().to("o1");
    g.windowed_by(kSession).count(Materialized()).to_stream().to("o2");
    g.windowed_by(kSliding).count(Materialized()).to_stream().to("o3");
    g.windowed_by(kSliding).reduce(last()).to_stream().to("o4");
    g.windowed_by(kSession).aggregate(empty(), last_of_key(), later()).to_stream().to("o5");
  };
  cases["09-cogroup"] = [](StreamsBuilder& b) {
    const auto g1 = b.stream<S, S>("in1").group_by_key();
    const auto g2 = b.stream<S, S>("in2").group_by(value_as_key());
    g1.cogroup(append()).cogroup(g2, append()).aggregate(empty()).to_stream().to("out");
  };
  cases["25-emit-on-window-close"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of_size_and_grace(1min, 5s))
        .emit_strategy(EmitStrategy::on_window_close())
        .count(Materialized::as("w"))
        .to_stream()
        .to("out");
  };
}

}  // namespace

Cases describe_window_cases() {
  Cases cases;
  for (const bool rekeyed : {false, true}) {
    fixed(cases, "tumbling", kTumbling, rekeyed);
    fixed(cases, "unlimited", UnlimitedWindows::of(), rekeyed);
    sliding(cases, rekeyed);
    session(cases, rekeyed);
  }
  cogroups(cases);
  references(cases);
  return cases;
}

}  // namespace oracle
