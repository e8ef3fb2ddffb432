// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/trace_tables.hpp"

// Twins of the sources, operators, groupings and suppressions of TraceTableCases.java.

namespace oracle {
namespace {

using millrace::BufferConfig;
using millrace::Grouped;
using millrace::KeyValue;
using millrace::ProcessingContext;
using millrace::StoreMedium;
using millrace::Stores;
using millrace::Suppressed;
using millrace::TimeWindows;
using millrace::ValueTransformerWithKey;
using millrace::Windowed;

auto keep() {
  return [](const S& value) { return value.starts_with("keep"); };
}
auto with_key() {
  return [](const S& key, const S& value) { return key + ":" + value; };
}
auto twice() {
  return [](const S& value) { return value + value; };
}

/// Says how often it has seen the key, in front of the value; "gone" for null.
struct Counting : ValueTransformerWithKey<S, S, S> {
  void init(ProcessingContext& context) override {
    seen_ = &context.get_state_store<millrace::KeyValueStore<S, S>>("seen");
  }
  std::optional<S> transform(const S& key, const S* value) override {
    const S times = seen_->get(key).value_or("") + "i";
    seen_->put(key, times);
    return times + " " + (value ? *value : "gone");
  }

 private:
  millrace::KeyValueStore<S, S>* seen_ = nullptr;
};

auto counting() {
  return [] { return std::make_unique<Counting>(); };
}

void sources(Cases& cases) {
  both(cases, "table", [](StreamsBuilder& b) { out(table(b, "in")); });
  both(cases, "table-kept", [](StreamsBuilder& b) { out(b.table<S, S>("in", Materialized::as("t"))); });
  cases["table-kept-in-memory-unlogged"] = [](StreamsBuilder& b) {
    out(b.table<S, S>("in", Materialized::as("t").with_store_type(StoreMedium::in_memory).with_logging_disabled()));
  };
  both(cases, "to-table", [](StreamsBuilder& b) { out(b.stream<N, N>("in").to_table()); });
  both(cases, "to-table-kept", [](StreamsBuilder& b) { out(b.stream<N, N>("in").to_table(Materialized::as("t"))); });
  both(cases, "to-table-rekeyed", [](StreamsBuilder& b) {
    out(b.stream<N, N>("in")
            .select_key([](const N& v) { return v ? N(v->substr(0, 1)) : N(); })
            .to_table(Materialized::as("t")));
  });
  cases["table-reused-topic"] = [](StreamsBuilder& b) { out(b.table<S, S>("in", Materialized::as("t"))); };
  cases["table-versioned"] = [](StreamsBuilder& b) {
    out(b.table<S, S>("in", Materialized::as_versioned("t", Millis(20))));
  };
}

void values(Cases& cases) {
  both(cases, "table-filter", [](StreamsBuilder& b) { out(table(b, "in").filter(keep())); });
  both(cases, "table-filter-not", [](StreamsBuilder& b) { out(table(b, "in").filter_not(keep())); });
  both(cases, "table-filter-of-kept",
       [](StreamsBuilder& b) { out(b.table<S, S>("in", Materialized::as("t")).filter(keep())); });
  both(cases, "table-filter-kept",
       [](StreamsBuilder& b) { out(table(b, "in").filter(keep(), Materialized::as("f"))); });
  both(cases, "table-filter-of-kept-kept", [](StreamsBuilder& b) {
    out(b.table<S, S>("in", Materialized::as("t")).filter(keep(), Materialized::as("f")));
  });
  both(cases, "table-map-values", [](StreamsBuilder& b) { out(table(b, "in").map_values(with_key())); });
  both(cases, "table-map-values-kept",
       [](StreamsBuilder& b) { out(table(b, "in").map_values(with_key(), Materialized::as("m"))); });
  both(cases, "table-map-values-to-null", [](StreamsBuilder& b) {
    out(table(b, "in")
            .map_values([](const S& v) { return v == "keep" ? N() : N(v); }, Materialized::as("m"))
            .filter(keep()));
  });
  both(cases, "table-chain-kept-at-both-ends", [](StreamsBuilder& b) {
    out(b.table<S, S>("in", Materialized::as("t"))
            .map_values(twice())
            .filter(keep())
            .map_values([](const S& v) { return std::to_string(v.size()) + v; }, Materialized::as("end")));
  });
  both(cases, "table-transform-values", [](StreamsBuilder& b) {
    b.add_state_store(Stores::key_value_store<S, S>("seen"));
    out(table(b, "in").transform_values(counting(), {"seen"}));
  });
  both(cases, "table-transform-values-kept", [](StreamsBuilder& b) {
    b.add_state_store(Stores::key_value_store<S, S>("seen"));
    out(table(b, "in").transform_values(counting(), {"seen"}, Materialized::as("tv"), Named::as("tv-node")));
  });
}

auto by_first() {
  return [](const S&, const S& value) {
    if (value == "skip") return KeyValue<N, S>{N(), value};
    return KeyValue<N, S>{value.substr(0, 1), value.substr(1)};
  };
}
auto add() {
  return [](const S& x, const S& y) { return x + "+" + y; };
}
auto subtract() {
  return [](const S& x, const S& y) { return x + "-" + y; };
}

void groups(Cases& cases) {
  both(cases, "table-group-count",
       [](StreamsBuilder& b) { table(b, "in").group_by(by_first()).count().to_stream().to("out"); });
  both(cases, "table-group-reduce", [](StreamsBuilder& b) {
    out(table(b, "in").group_by(by_first(), Grouped::as("g")).reduce(add(), subtract(), Materialized::as("sum")));
  });
  both(cases, "table-group-reduce-to-null", [](StreamsBuilder& b) {
    const auto subtract_or_null = [](const S& x, const S& y) { return x == y ? N() : N(x + "-" + y); };
    out(table(b, "in").group_by(by_first()).reduce(add(), subtract_or_null, Materialized::as("sum")));
  });
  both(cases, "table-group-aggregate", [](StreamsBuilder& b) {
    out(table(b, "in")
            .group_by(by_first())
            .aggregate([] { return N(""); }, [](const S&, const S& v, const N& x) { return N(*x + "+" + v); },
                       [](const S&, const S& v, const N& x) { return x->size() > 8 ? N() : N(*x + "-" + v); },
                       Named::as("agg"), Materialized::as("sum")));
  });
  both(cases, "table-group-twice-sharing", [](StreamsBuilder& b) {
    const auto g = table(b, "in").group_by(by_first(), Grouped::as("g"));
    g.count().to_stream().to("counts");
    out(g.reduce([](const S&, const S& y) { return y; }, [](const S& x, const S&) { return x; }));
  });
  both(cases, "table-group-of-group", [](StreamsBuilder& b) {
    table(b, "in")
        .group_by(by_first())
        .count()
        .group_by([](const S&, const L& n) {
          return KeyValue<S, L>{"n" + std::to_string(n), n};
        })
        .aggregate([] { return L(0); }, [](const S&, L n, L sum) { return sum + n; },
                   [](const S&, L n, L sum) { return sum - n; })
        .to_stream()
        .to("out");
  });
}

void suppress(Cases& cases) {
  both(cases, "suppress-time-limit", [](StreamsBuilder& b) {
    out(table(b, "in").suppress(Suppressed::until_time_limit(Millis(10), BufferConfig::unbounded())));
  });
  both(cases, "suppress-records", [](StreamsBuilder& b) {
    out(table(b, "in").suppress(
        Suppressed::until_time_limit(Millis(1000), BufferConfig::max_records(3)).with_name("sup")));
  });
  both(cases, "suppress-bytes", [](StreamsBuilder& b) {
    out(table(b, "in").suppress(Suppressed::until_time_limit(Millis(1000), BufferConfig::max_bytes(150))));
  });
  both(cases, "suppress-unlogged", [](StreamsBuilder& b) {
    out(table(b, "in").suppress(
        Suppressed::until_time_limit(Millis(5), BufferConfig::max_records(3).with_logging_disabled())));
  });
  both(cases, "suppress-join", [](StreamsBuilder& b) {
    out(table(b, "in")
            .suppress(Suppressed::until_time_limit(Millis(10), BufferConfig::unbounded()))
            .left_join(table(b, "in2"), [](const S& x, const S* y) { return x + "+" + text(y); }));
  });
  both(cases, "suppress-windows", [](StreamsBuilder& b) {
    b.stream<S, S>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of_size_and_grace(Millis(10), Millis(5)))
        .count()
        .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
        .to_stream()
        .map([](const Windowed<S>& k, const std::optional<L>& n) {
          return KeyValue<S, std::optional<L>>{k.key + "@" + std::to_string(k.window.start), n};
        })
        .to("out");
  });
}

}  // namespace

Cases trace_table_cases() {
  Cases cases;
  sources(cases);
  values(cases);
  groups(cases);
  suppress(cases);
  return cases;
}

}  // namespace oracle
