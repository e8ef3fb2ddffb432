// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/trace_tables.hpp"

// Twins of the joins of TraceTableCases.java.

namespace oracle {
namespace {

using millrace::Consumed;
using millrace::Joined;
using millrace::KeyValueStore;
using millrace::Processor;
using millrace::Record;
using millrace::Stores;
using millrace::TableJoined;

auto inner() {
  return [](const S& x, const S& y) { return x + "+" + y; };
}
auto left() {
  return [](const S& x, const S* y) { return x + "+" + text(y); };
}
auto outer() {
  return [](const S* x, const S* y) { return text(x) + "+" + text(y); };
}
auto contains(const S& part) {
  return [part](const S& value) { return value.find(part) != S::npos; };
}
auto twice() {
  return [](const S& value) { return value + value; };
}

void tables(Cases& cases) {
  both(cases, "table-join", [](StreamsBuilder& b) {
    const auto l = table(b, "l");
    out(l.join(table(b, "r"), inner()));
  });
  both(cases, "table-left-join", [](StreamsBuilder& b) {
    const auto l = table(b, "l");
    out(l.left_join(table(b, "r"), left()));
  });
  both(cases, "table-outer-join", [](StreamsBuilder& b) {
    const auto l = table(b, "l");
    out(l.outer_join(table(b, "r"), outer()));
  });
  both(cases, "table-join-kept", [](StreamsBuilder& b) {
    const auto l = table(b, "l");
    out(l.join(table(b, "r"), inner(), Materialized::as("j")).filter(contains("a")));
  });
  both(cases, "table-left-join-kept", [](StreamsBuilder& b) {
    const auto l = table(b, "l");
    out(l.left_join(table(b, "r"), left(), Materialized::as("j")).filter(contains("a")));
  });
  both(cases, "table-outer-join-kept", [](StreamsBuilder& b) {
    const auto l = table(b, "l");
    out(l.outer_join(table(b, "r"), outer(), Materialized::as("j")).filter(contains("a")));
  });
  both(cases, "table-join-with-itself", [](StreamsBuilder& b) {
    const auto t = table(b, "l");
    out(t.join(t.map_values(twice()), inner()));
  });
  both(cases, "table-joins-in-a-row", [](StreamsBuilder& b) {
    const auto l = table(b, "l");
    const auto r = table(b, "r");
    const auto one = l.filter([](const S& v) { return v != "B"; });
    const auto two = one.left_join(r.map_values(twice()), left());
    out(two.outer_join(l.join(r, inner()), [](const S* x, const S* y) { return text(x) + "/" + text(y); }));
  });
  cases["table-outer-join-versioned"] = [](StreamsBuilder& b) {
    const auto l = b.table<S, S>("l", Materialized::as_versioned("lv", Millis(100)));
    out(l.outer_join(b.table<S, S>("r", Materialized::as_versioned("rv", Millis(100))), outer()));
  };
}

void streams(Cases& cases) {
  cases["stream-table-join"] = [](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("s");
    s.join(table(b, "t"), inner()).to("out");
  };
  cases["stream-table-left-join"] = [](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("s");
    s.left_join(table(b, "t"), left()).to("out");
  };
  cases["stream-table-join-rekeyed"] = [](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("s").select_key([](const N& v) { return v; });
    s.join(table(b, "t").map_values(twice()), inner(), Joined::as("by-value")).to("out");
  };
  cases["stream-table-left-join-rekeyed"] = [](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("s").select_key([](const N& v) { return v; });
    s.left_join(table(b, "t").filter(always()), left()).to("out");
  };
  cases["stream-versioned-table-join"] = [](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("s");
    s.join(b.table<S, S>("t", Materialized::as_versioned("vt", Millis(100))).map_values(twice()), inner()).to("out");
  };
  cases["stream-table-join-with-grace"] = [](StreamsBuilder& b) {
    const auto t = b.table<S, S>("t", Materialized::as_versioned("vt", Millis(100)));
    b.stream<N, N>("s").join(t, inner(), Joined::as("graced").with_grace_period(Millis(10))).to("out");
  };
  cases["stream-table-left-join-with-grace"] = [](StreamsBuilder& b) {
    const auto t = b.table<S, S>("t", Materialized::as_versioned("vt", Millis(100)));
    b.stream<N, N>("s").left_join(t, left(), Joined::as("graced").with_grace_period(Millis(10))).to("out");
  };
}

/// Puts what it gets into the global store.
struct Put : Processor<N, N> {
  void process(Record<N, N> record) override {
    auto& store = context().get_state_store<KeyValueStore<S, S>>("gs");
    if (record.value) {
      store.put(*record.key, *record.value);
    } else {
      store.remove(*record.key);
    }
  }
};

struct LookUp : Processor<N, N> {
  void process(Record<N, N> record) override {
    auto& store = context().get_state_store<KeyValueStore<S, S>>("gs");
    context().forward(record.with_value(record.key ? store.get(*record.key) : N("none")));
  }
};

void globals(Cases& cases) {
  cases["stream-global-join"] = [](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("s");
    s.join(
         b.global_table<S, S>("t"), [](const N& k, const N& v) { return !v || v == "4" ? N() : k; }, inner())
        .to("out");
  };
  cases["stream-global-left-join"] = [](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("s");
    s.left_join(
         b.global_table<S, S>("t", Materialized::as("g")), [](const N& v) { return !v || v == "4" ? N() : v; }, left())
        .to("out");
  };
  cases["global-store"] = [](StreamsBuilder& b) {
    b.add_global_store<N, N>(Stores::key_value_store<S, S>("gs"), "t", Consumed(),
                             [] { return std::make_unique<Put>(); });
    b.stream<N, N>("s").process([] { return std::make_unique<LookUp>(); }).to("out");
  };
}

/// Of "key:rest".
auto foreign_key() {
  return [](const S& value) {
    const auto colon = value.find(':');
    return colon == S::npos ? N() : N(value.substr(0, colon));
  };
}

void foreign(Cases& cases) {
  both(cases, "foreign-join", [](StreamsBuilder& b) {
    const auto l = table(b, "l");
    out(l.join(table(b, "r"), foreign_key(), inner()));
  });
  both(cases, "foreign-left-join", [](StreamsBuilder& b) {
    const auto l = table(b, "l");
    out(l.left_join(table(b, "r"), foreign_key(), left()));
  });
  both(cases, "foreign-join-named", [](StreamsBuilder& b) {
    const auto l = table(b, "l");
    out(l.join(table(b, "r"), foreign_key(), inner(), TableJoined::as("fk"), Materialized::as("j")));
  });
  both(cases, "foreign-left-join-kept", [](StreamsBuilder& b) {
    const auto l = table(b, "l");
    out(l.left_join(
             table(b, "r").map_values(twice()), [](const S&, const S& v) { return foreign_key()(v); }, left(),
             Materialized::as("j"))
            .filter(contains("A")));
  });
}

}  // namespace

Cases trace_table_join_cases() {
  Cases cases;
  tables(cases);
  streams(cases);
  globals(cases);
  foreign(cases);
  return cases;
}

}  // namespace oracle
