// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/cases.hpp"

// The C++ counterparts of the aggregations in DescribeStatefulCases.java.

namespace oracle {
namespace {

using millrace::Grouped;
using millrace::KGroupedStream;
using millrace::Materialized;
using millrace::Serde;
using millrace::StoreMedium;

auto empty() {
  return [] { return S(); };
}
auto last_of_key() {
  return [](const S&, const S& value, const S&) { return value; };
}

KGroupedStream<S, S> grouped(StreamsBuilder& b, bool by, const Grouped& how = {}) {
  const auto s = b.stream<S, S>("in");
  return by ? s.group_by(value_as_key(), how) : s.group_by_key(how);
}

/// Aggregates with `args` as further parameters, and writes the result.
template <class... Args>
void aggregate(const S& kind, const KGroupedStream<S, S>& g, const Named& streamed, const Args&... args) {
  if (kind == "count") {
    g.count(args...).to_stream(streamed).to("out");
  } else if (kind == "reduce") {
    g.reduce(last(), args...).to_stream(streamed).to("out");
  } else {
    g.aggregate(empty(), last_of_key(), args...).to_stream(streamed).to("out");
  }
}

void aggregations(Cases& cases, const S& kind, bool by) {
  const S prefix = (by ? "group-by-" : "group-by-key-") + kind;
  cases[prefix] = [=](StreamsBuilder& b) { aggregate(kind, grouped(b, by), Named()); };
  cases[prefix + "-materialized-unnamed"] = [=](StreamsBuilder& b) {
    aggregate(kind, grouped(b, by), Named(), Materialized());
  };
  cases[prefix + "-store-named"] = [=](StreamsBuilder& b) {
    aggregate(kind, grouped(b, by), Named(), Materialized::as("kept"));
  };
  cases[prefix + "-node-named"] = [=](StreamsBuilder& b) {
    aggregate(kind, grouped(b, by), Named(), Named::as("sum-up"), Materialized());
  };
  cases[prefix + "-grouped-named"] = [=](StreamsBuilder& b) {
    aggregate(kind, grouped(b, by, Grouped::as("grouped")), Named());
  };
  cases[prefix + "-all-named"] = [=](StreamsBuilder& b) {
    aggregate(kind, grouped(b, by, Grouped::as("grouped")), Named::as("streamed"), Named::as("sum-up"),
              Materialized::as("kept"));
  };
}

void combinations(Cases& cases) {
  cases["aggregates-sharing-a-grouped-name"] = [](StreamsBuilder& b) {
    const auto g = grouped(b, true, Grouped::as("g"));
    g.count().to_stream().to("o1");
    g.reduce(last()).to_stream().to("o2");
    g.aggregate(empty(), last_of_key(), Materialized::as("third")).to_stream().to("o3");
  };
  cases["aggregates-of-one-unnamed-grouping"] = [](StreamsBuilder& b) {
    const auto g = grouped(b, true);
    g.count().to_stream().to("o1");
    g.count(Materialized::as("second")).to_stream().to("o2");
  };
  cases["aggregate-of-an-aggregate"] = [](StreamsBuilder& b) {
    grouped(b, true)
        .count()
        .to_stream()
        .group_by([](const S& key, const std::optional<L>&) { return key; })
        .reduce([](L x, L y) { return x + y; })
        .to_stream()
        .to("out");
  };
  cases["aggregate-without-consumer"] = [](StreamsBuilder& b) { grouped(b, false).count(); };
  cases["aggregate-read-twice"] = [](StreamsBuilder& b) {
    const auto t = grouped(b, false).count(Materialized::as("kept"));
    t.to_stream().to("o1");
    t.to_stream().filter([](const std::optional<L>& count) { return count && *count > 1; }).to("o2");
  };
  cases["aggregate-in-memory"] = [](StreamsBuilder& b) {
    grouped(b, false)
        .count(Materialized::as("fast").with_store_type(StoreMedium::in_memory).with_logging_disabled())
        .to_stream()
        .to("out");
  };
  cases["aggregate-after-value-operators"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in")
        .map_values(same())
        .filter(always())
        .group_by_key()
        .count()
        .to_stream()
        .map_values([](const std::optional<L>&) { return S(); })
        .to("out");
  };
  cases["word-count"] = [](StreamsBuilder& b) {
    b.stream<S, S>("text")
        .flat_map_values(one_value())
        .group_by(value_as_key())
        .count(Materialized::as("counts"))
        .to_stream()
        .to("counts-out");
  };
}

}  // namespace

Cases describe_aggregate_cases() {
  Cases cases;
  for (const S kind : {"count", "reduce", "aggregate"}) {
    aggregations(cases, kind, false);
    aggregations(cases, kind, true);
  }
  combinations(cases);
  return cases;
}

}  // namespace oracle
