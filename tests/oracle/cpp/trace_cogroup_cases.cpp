#include "oracle/cpp/trace.hpp"

// Twins of the cogroups in TraceWindowCases.java.

namespace oracle {
namespace {

using millrace::Materialized;
using millrace::SessionWindows;
using millrace::SlidingWindows;
using millrace::TimeWindows;

N last_character(const N& value) { return value ? N(value->substr(value->size() - 1)) : N(); }

auto left() {
  return [](const S&, const N& value, const S& x) { return x + "l" + text(value); };
}
auto right() {
  return [](const S&, const N& value, const S& x) { return x + "r" + text(value); };
}
auto start() {
  return [] { return S("="); };
}
auto kept() { return Materialized::as("c"); }

auto cogrouped(StreamsBuilder& b) {
  return b.stream<N, N>("l").group_by_key().cogroup(left()).cogroup(b.stream<N, N>("r").group_by_key(), right());
}

}  // namespace

Cases trace_cogroup_cases() {
  Cases cases;
  cases["cogroup"] = [](StreamsBuilder& b) {
    const auto unless_five = [](const S&, const S& v, const S& x) { return v.ends_with("5") ? N() : N(x + "l" + v); };
    const auto l = b.stream<N, N>("l").group_by_key();
    const auto r = b.stream<N, N>("r").group_by_key();
    l.cogroup(unless_five).cogroup(r, right()).aggregate(start(), kept()).to_stream().to("out");
  };
  cases["cogroup-rekeyed"] = [](StreamsBuilder& b) {
    const auto l = b.stream<N, N>("l").group_by_key();
    const auto r = b.stream<N, N>("r").group_by(last_character);
    l.cogroup([](const S&, const S&, L x) { return x + 1; })
        .cogroup(r, [](const S&, const S&, L x) { return x + 100; })
        .aggregate([] { return L(0); }, kept())
        .to_stream()
        .to("out");
  };
  for (const S suffix : {"", "-cached"}) {
    cases["cogroup-tumbling" + suffix] = [](StreamsBuilder& b) {
      const auto windows = TimeWindows::of_size_and_grace(Millis(10), Millis(10));
      cogrouped(b).windowed_by(windows).aggregate(start(), kept()).to_stream().to("out");
    };
    cases["cogroup-sliding" + suffix] = [](StreamsBuilder& b) {
      const auto windows = SlidingWindows::of_time_difference_and_grace(Millis(8), Millis(10));
      cogrouped(b).windowed_by(windows).aggregate(start(), kept()).to_stream().to("out");
    };
    cases["cogroup-session" + suffix] = [](StreamsBuilder& b) {
      const auto windows = SessionWindows::of_inactivity_gap_and_grace(Millis(5), Millis(10));
      cogrouped(b)
          .windowed_by(windows)
          .aggregate(
              start(), [](const S&, const S& x, const S& y) { return x + y; }, kept())
          .to_stream()
          .to("out");
    };
  }
  return cases;
}

}  // namespace oracle
