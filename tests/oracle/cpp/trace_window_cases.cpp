// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/trace.hpp"

// Twins of TraceWindowCases.java.

namespace oracle {
namespace {

using millrace::EmitStrategy;
using millrace::Grouped;
using millrace::Materialized;
using millrace::SessionWindows;
using millrace::SlidingWindows;
using millrace::TimeWindows;
using millrace::Windowed;

/// Reduces to a list, or counts on close.
template <class W>
auto list(const W& windows) {
  return [=](StreamsBuilder& b) {
    b.stream<N, S>("in")
        .group_by_key()
        .windowed_by(windows)
        .reduce([](const S& x, const S& y) { return x + "," + y; }, Materialized::as("w"))
        .to_stream()
        .to("out");
  };
}
template <class W>
auto count(const W& windows, EmitStrategy emit, const Materialized& kept = Materialized::as("w")) {
  return [=](StreamsBuilder& b) {
    b.stream<N, N>("in").group_by_key().windowed_by(windows).emit_strategy(emit).count(kept).to_stream().to("out");
  };
}

void timelines(Cases& cases) {
  const auto update = EmitStrategy::on_window_update();
  const auto close = EmitStrategy::on_window_close();
  cases["window-sliding-early"] = list(SlidingWindows::of_time_difference_and_grace(Millis(10), Millis(100)));
  cases["window-hopping-early"] = list(TimeWindows::of_size_and_grace(Millis(10), Millis(100)).advance_by(Millis(3)));
  cases["window-session-early"] = list(SessionWindows::of_inactivity_gap_and_grace(Millis(2), Millis(100)));
  cases["window-session-without-gap"] = count(SessionWindows::of_inactivity_gap_with_no_grace(Millis(0)), update);
  cases["window-hopping-closes"] =
      count(TimeWindows::of_size_and_grace(Millis(10), Millis(5)).advance_by(Millis(5)), close);
  cases["window-sliding-closes"] = count(SlidingWindows::of_time_difference_with_no_grace(Millis(5)), close);
  cases["window-session-closes"] = count(SessionWindows::of_inactivity_gap_with_no_grace(Millis(4)), close,
                                         Materialized::as("w").with_retention(Millis(1'000'000)));
  cases["window-tumbling-wide"] = count(TimeWindows::of_size_and_grace(Millis(60'000), Millis(5'000)), update);
}

N last_character(const N& value) { return value ? N(value->substr(value->size() - 1)) : N(); }

void grouping(Cases& cases) {
  cases["window-rekeyed"] = [](StreamsBuilder& b) {
    const auto g = b.stream<N, N>("in").group_by(last_character, Grouped::as("g"));
    g.windowed_by(TimeWindows::of_size_with_no_grace(Millis(20))).count(Materialized::as("t")).to_stream().to("o1");
    g.windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(Millis(5)))
        .count(Materialized::as("s"))
        .to_stream()
        .to("o2");
  };
  cases["window-table-downstream"] = [](StreamsBuilder& b) {
    const auto t = b.stream<N, N>("in")
                       .group_by_key()
                       .windowed_by(TimeWindows::of_size_and_grace(Millis(20), Millis(20)))
                       .count(Materialized::as("t"));
    t.filter([](L count) { return count % 2 == 1; }).to_stream().to("odd");
    t.map_values([](L count) { return "n" + std::to_string(count); }).to_stream().to("text");
    t.to_stream([](const Windowed<S>& key, const std::optional<L>&) {
       return key.key + "@" + std::to_string(key.window.start) + "-" + std::to_string(key.window.end);
     }).to("flat");
    t.to_stream()
        .filter([](const Windowed<S>& key, const std::optional<L>&) { return key.window.start > 1100; })
        .map_values([](const std::optional<L>& count) { return *count + 1; })
        .to("more");
  };
  cases["window-of-windows"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of_size_and_grace(Millis(10), Millis(20)))
        .count(Materialized::as("t"))
        .to_stream()
        .group_by_key()
        .reduce([](L x, L y) { return x + y; }, Materialized::as("r"))
        .to_stream()
        .to("out");
  };
}

}  // namespace

Cases trace_window_cases() {
  Cases cases;
  timelines(cases);
  grouping(cases);
  return cases;
}

}  // namespace oracle
