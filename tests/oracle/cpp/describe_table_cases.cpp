// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/cases.hpp"

// The C++ counterparts of the table cases in ReferenceCases.java and DescribeStatefulCases.java.

namespace oracle {
namespace {

using millrace::Branched;
using millrace::BufferConfig;
using millrace::Consumed;
using millrace::Grouped;
using millrace::Joined;
using millrace::KeyValue;
using millrace::Materialized;
using millrace::Repartitioned;
using millrace::Stores;
using millrace::Suppressed;
using millrace::TableJoined;

auto inner() {
  return [](const S& x, const S& y) { return x + y; };
}
auto left() {
  return [](const S& x, const S*) { return x; };
}
auto swapped_row() {
  return [](const S& key, const S& value) { return KeyValue<S, S>{value, key}; };
}

void tables(Cases& cases) {
  cases["14-table-filter-mapvalues-join"] = [](StreamsBuilder& b) {
    const auto t1 = b.table<S, S>("t1");
    const auto t2 = b.table<S, S>("t2", Materialized::as("t2-store"));
    const auto filtered = t1.filter(always());
    filtered.join(t2.map_values(same()), inner()).to_stream().to("out");
    t1.left_join(t2, left(), Materialized());
    t1.outer_join(
        t2, [](const S* x, const S*) { return x ? *x : S(); }, Named::as("oj"), Materialized::as("ojs"));
    t2.filter(always(), Materialized()).map_values(same(), Materialized());
  };
  cases["15-table-groupby-aggregate"] = [](StreamsBuilder& b) {
    const auto t = b.table<S, S>("t");
    t.group_by(swapped_row()).count().to_stream().to("o1");
    t.group_by(swapped_row(), Grouped::as("g"))
        .reduce(last(), last(), Named::as("red"), Materialized())
        .to_stream()
        .to("o2");
  };
  cases["16-stream-table-joins"] = [](StreamsBuilder& b) {
    const auto t = b.table<S, S>("t");
    const auto g = b.global_table<S, S>("g");
    const auto s = b.stream<S, S>("s");
    s.join(t, inner()).to("o1");
    s.select_key(value_as_key()).left_join(t, left()).to("o2");
    s.join(g, value_as_key(), inner()).to("o3");
    s.left_join(g, value_as_key(), left()).to("o4");
    s.map(swapped()).join(t, inner(), Joined::as("sj")).to("o5");
  };
  cases["17-fk-join"] = [](StreamsBuilder& b) {
    const auto l = b.table<S, S>("l");
    const auto r = b.table<S, S>("r");
    l.join(r, same(), inner(), Materialized()).to_stream().to("out");
  };
  cases["18-fk-leftjoin-named"] = [](StreamsBuilder& b) {
    const auto l = b.table<S, S>("l");
    const auto r = b.table<S, S>("r");
    l.left_join(r, same(), left(), TableJoined::as("fkj"), Materialized::as("fkj-store")).to_stream().to("out");
  };
  cases["26-versioned-table-grace-join"] = [](StreamsBuilder& b) {
    const auto t = b.table<S, S>("t", Materialized::as_versioned("vt", Millis(600'000)));
    b.stream<S, S>("s").join(t, inner(), Joined().with_grace_period(Millis(60'000))).to("out");
  };
  cases["27-table-tostream-mapper-rekey"] = [](StreamsBuilder& b) {
    b.table<S, S>("t")
        .to_stream([](const S& key, const std::optional<S>&) { return key; })
        .group_by_key()
        .count()
        .to_stream()
        .to("out");
  };
  cases["28-suppress-named-and-timelimit"] = [](StreamsBuilder& b) {
    const auto t = b.table<S, S>("t");
    const auto suppressed = Suppressed::until_time_limit(Millis(5000), BufferConfig::max_records(10));
    t.suppress(suppressed).to_stream().to("o1");
    t.suppress(suppressed.with_name("sup")).to_stream().to("o2");
  };
}

}  // namespace

Cases describe_table_cases() {
  Cases cases;
  tables(cases);
  cases["19-branch-merge-repartition-totable"] = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>({"a", "b"});
    const auto m = s.split(Named::as("br-")).branch(always(), Branched::as("x")).branch(always()).default_branch();
    m.at("br-x").merge(m.at("br-0")).to("o1");
    const auto m2 = s.split().branch(always()).no_default_branch();
    m2.begin()->second.repartition().to_table(Materialized::as("tbl"));
    s.repartition(Repartitioned::as("rp").with_number_of_partitions(3)).to("o2");
    s.select_key(value_as_key()).to_table(Materialized()).to_stream().to("o3");
  };
  const auto optimizable = [](StreamsBuilder& b) {
    const auto s = b.stream<S, S>("in").select_key(value_as_key());
    s.group_by_key().count().to_stream().to("o1");
    s.group_by_key().reduce(last()).to_stream().to("o2");
    const auto filtered = s.filter(always());
    filtered.join(b.table<S, S>("t"), inner()).to("o3");
  };
  cases["21-optimization-none"] = optimizable;
  cases["22-optimization-all"] = optimizable;
  cases["process-global-store"] = [](StreamsBuilder& b) {
    b.add_global_store<S, S>(Stores::key_value_store<S, S>("everywhere"), "reference", Consumed(), swallow());
    b.stream<S, S>("in").process(swallow()).to("out");
  };
  return cases;
}

}  // namespace oracle
