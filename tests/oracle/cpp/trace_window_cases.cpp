#include <sstream>

#include "oracle/cpp/trace.hpp"

// Twins of TraceWindowCases.java, but for cogroup.

namespace oracle {
namespace {

using millrace::BufferConfig;
using millrace::EmitStrategy;
using millrace::Grouped;
using millrace::KGroupedStream;
using millrace::Materialized;
using millrace::SessionWindows;
using millrace::SlidingWindows;
using millrace::StoreMedium;
using millrace::Suppressed;
using millrace::TimeWindows;
using millrace::UnlimitedWindows;
using millrace::Windowed;

struct Variant {
  S name;
  StoreMedium medium = StoreMedium::rocksdb;
  bool on_close = false;
  bool cached = false;

  [[nodiscard]] EmitStrategy emit() const {
    return on_close ? EmitStrategy::on_window_close() : EmitStrategy::on_window_update();
  }
  [[nodiscard]] Materialized kept() const {
    auto materialized = Materialized::as("w").with_store_type(medium);
    return on_close ? materialized.with_retention(Millis(1'000'000)) : materialized;
  }
};

const std::vector<Variant>& variants() {
  static const std::vector<Variant> kAll{
      {"", StoreMedium::rocksdb, false, false},         {"-in-memory", StoreMedium::in_memory, false, false},
      {"-on-close", StoreMedium::rocksdb, true, false}, {"-on-close-in-memory", StoreMedium::in_memory, true, false},
      {"-cached", StoreMedium::rocksdb, false, true},   {"-on-close-cached", StoreMedium::rocksdb, true, true}};
  return kAll;
}

std::vector<N> words(const N& value) {
  if (!value) return {N()};
  std::vector<N> found;
  std::istringstream in(*value);
  for (S word; std::getline(in, word, ',');) found.emplace_back(word);
  return found;
}

auto words_by_key(StreamsBuilder& b) { return b.stream<N, N>("in").flat_map_values(words).group_by_key(); }

N concat(const S& aggregate, const N& value) {
  return value && value->ends_with("7") ? N() : N(aggregate + "+" + text(value));
}

auto empty() {
  return [] { return S(); };
}

template <class W>
void fixed(Cases& cases, const S& kind, const W& windows, const Variant& v) {
  const S prefix = "window-" + kind;
  cases[prefix + "-count" + v.name] = [=](StreamsBuilder& b) {
    words_by_key(b).windowed_by(windows).emit_strategy(v.emit()).count(v.kept()).to_stream().to("out");
  };
  cases[prefix + "-reduce" + v.name] = [=](StreamsBuilder& b) {
    words_by_key(b).windowed_by(windows).emit_strategy(v.emit()).reduce(concat, v.kept()).to_stream().to("out");
  };
  cases[prefix + "-aggregate" + v.name] = [=](StreamsBuilder& b) {
    words_by_key(b)
        .windowed_by(windows)
        .emit_strategy(v.emit())
        .aggregate(
            empty(), [](const S&, const N& value, const S& x) { return concat(x, value); }, v.kept())
        .to_stream()
        .to("out");
  };
}

void sliding(Cases& cases, const SlidingWindows& windows, const Variant& v) {
  cases["window-sliding-count" + v.name] = [=](StreamsBuilder& b) {
    words_by_key(b).windowed_by(windows).emit_strategy(v.emit()).count(v.kept()).to_stream().to("out");
  };
  cases["window-sliding-reduce" + v.name] = [=](StreamsBuilder& b) {
    const auto reduce = [cached = v.cached](const S& x, const S& y) { return cached ? N(x + "+" + y) : concat(x, y); };
    words_by_key(b).windowed_by(windows).emit_strategy(v.emit()).reduce(reduce, v.kept()).to_stream().to("out");
  };
  cases["window-sliding-aggregate" + v.name] = [=](StreamsBuilder& b) {
    words_by_key(b)
        .windowed_by(windows)
        .emit_strategy(v.emit())
        .aggregate(
            empty(), [](const S&, const S& value, const S& x) { return x + "+" + value; }, v.kept())
        .to_stream()
        .to("out");
  };
}

void sessions(Cases& cases, const SessionWindows& windows, const Variant& v) {
  cases["window-session-count" + v.name] = [=](StreamsBuilder& b) {
    words_by_key(b).windowed_by(windows).emit_strategy(v.emit()).count(v.kept()).to_stream().to("out");
  };
  cases["window-session-reduce" + v.name] = [=](StreamsBuilder& b) {
    words_by_key(b).windowed_by(windows).emit_strategy(v.emit()).reduce(concat, v.kept()).to_stream().to("out");
  };
  cases["window-session-aggregate" + v.name] = [=](StreamsBuilder& b) {
    words_by_key(b)
        .windowed_by(windows)
        .emit_strategy(v.emit())
        .aggregate(
            empty(), [](const S&, const N& value, const S& x) { return concat(x, value); },
            [](const S&, const S& x, const S& y) { return x + "|" + y; }, v.kept())
        .to_stream()
        .to("out");
  };
}

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

template <class W>
auto suppressed(const W& windows) {
  return [=](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .group_by_key()
        .windowed_by(windows)
        .count(Materialized::as("w"))
        .suppress(Suppressed::until_window_closes(BufferConfig::unbounded().with_logging_disabled()))
        .to_stream()
        .to("out");
  };
}

void suppress(Cases& cases) {
  cases["window-suppress-hopping"] =
      suppressed(TimeWindows::of_size_and_grace(Millis(10), Millis(15)).advance_by(Millis(4)));
  cases["window-suppress-sliding"] = suppressed(SlidingWindows::of_time_difference_and_grace(Millis(10), Millis(12)));
  cases["window-suppress-session"] = suppressed(SessionWindows::of_inactivity_gap_and_grace(Millis(6), Millis(8)));
}

}  // namespace

Cases trace_window_cases() {
  Cases cases;
  for (const Variant& v : variants()) {
    fixed(cases, "tumbling", TimeWindows::of_size_and_grace(Millis(10), Millis(5)), v);
    fixed(cases, "hopping", TimeWindows::of_size_and_grace(Millis(10), Millis(15)).advance_by(Millis(4)), v);
    if (!v.on_close) fixed(cases, "unlimited", UnlimitedWindows::of().start_on(1100), v);
    sliding(cases, SlidingWindows::of_time_difference_and_grace(Millis(10), Millis(12)), v);
    sessions(cases, SessionWindows::of_inactivity_gap_and_grace(Millis(6), Millis(8)), v);
  }
  timelines(cases);
  grouping(cases);
  suppress(cases);
  return cases;
}

}  // namespace oracle
