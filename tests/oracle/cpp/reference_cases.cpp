// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/cases.hpp"

// The C++ counterparts of ReferenceCases.java, as far as the DSL is concerned.

namespace oracle {
namespace {

using millrace::Grouped;
using millrace::JoinWindows;
using millrace::Materialized;
using millrace::Printed;
using millrace::Produced;
using millrace::Stores;
using millrace::StreamJoined;

auto concat() {
  return [](const S& x, const S& y) { return x + y; };
}
const auto kTenSeconds = JoinWindows::of_time_difference_with_no_grace(Millis(10'000));
const auto kTenSecondsAndGrace = JoinWindows::of_time_difference_and_grace(Millis(10'000), Millis(5'000));

void aggregations(Cases& cases) {
  cases["02-count-groupbykey"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").group_by_key().count().to_stream().to("out");
  };
  cases["03-wordcount-groupby-count"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").flat_map_values(one_value()).group_by(value_as_key()).count().to_stream().to("out");
  };
  cases["04-count-materialized-unnamed-burns-one"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in").group_by(value_as_key()).count(Materialized()).to_stream().to("out");
  };
  cases["05-count-named-store-and-grouped"] = [](StreamsBuilder& b) {
    b.stream<S, S>("in")
        .group_by(value_as_key(), Grouped::as("by-word"))
        .count(Named::as("cnt"), Materialized::as("counts"))
        .to_stream(Named::as("ts"))
        .to("out", Produced::as("sink"));
  };
  cases["06-reduce-aggregate"] = [](StreamsBuilder& b) {
    const auto g = b.stream<S, S>("in").map(swapped()).group_by_key();
    g.reduce(last()).to_stream().to("o1");
    g.aggregate([] { return S(); }, [](const S&, const S& v, const S&) { return v; }, Materialized())
        .to_stream()
        .to("o2");
  };
}

void joins(Cases& cases) {
  cases["10-stream-stream-inner-join"] = [](StreamsBuilder& b) {
    b.stream<S, S>("l").join(b.stream<S, S>("r"), concat(), kTenSeconds).to("out");
  };
  cases["11-stream-stream-left-join-rekeyed"] = [](StreamsBuilder& b) {
    b.stream<S, S>("l")
        .select_key(value_as_key())
        .left_join(
            b.stream<S, S>("r").map(swapped()), [](const S& x, const S*) { return x; }, kTenSecondsAndGrace)
        .to("out");
  };
  const auto either = [](const S* x, const S*) { return x ? *x : S(); };
  cases["12-stream-stream-outer-join-named"] = [either](StreamsBuilder& b) {
    b.stream<S, S>("l")
        .select_key(value_as_key())
        .outer_join(b.stream<S, S>("r"), either, kTenSecondsAndGrace, StreamJoined::as("ojs").with_name("oj"))
        .to("out");
  };
  cases["13-stream-stream-outer-join"] = [either](StreamsBuilder& b) {
    b.stream<S, S>("l").outer_join(b.stream<S, S>("r"), either, kTenSecondsAndGrace).to("out");
  };
  cases["23-self-join-unoptimized"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    s.join(s, concat(), kTenSeconds).to("out");
  };
  cases["24-self-join-single-store"] = cases["23-self-join-unoptimized"];
}

}  // namespace

Cases reference_cases() {
  Cases cases;
  cases["01-stateless-chain"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in");
    s.filter(always())
        .filter_not(always())
        .map_values(same())
        .map(same_pair())
        .flat_map(one_pair())
        .flat_map_values(one_value())
        .select_key(value_as_key())
        .peek(nothing())
        .to("out");
    s.for_each(nothing());
    s.print(Printed::to_sys_out());
  };
  cases["20-process-processvalues"] = [](StreamsBuilder& b) {
    b.add_state_store(Stores::key_value_store<S, S>("st"));
    const auto s = b.stream<S, S>("in");
    s.process(swallow(), {"st"}).to("o1");
    s.process_values(swallow_values(), {"st"}, Named::as("pv")).to("o2");
    s.peek(nothing());
  };
  aggregations(cases);
  joins(cases);
  return cases;
}

}  // namespace oracle
