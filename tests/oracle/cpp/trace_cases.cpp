// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <sstream>

#include "oracle/cpp/trace.hpp"

// Twins of TraceCases.java.

namespace oracle {
namespace {

using millrace::Branched;
using millrace::Grouped;
using millrace::KeyValue;
using millrace::Materialized;
using millrace::Pattern;
using millrace::Printed;
using millrace::RecordMetadata;
using millrace::Repartitioned;
using millrace::StoreMedium;

using Pair = KeyValue<N, N>;

/// Java's `split`: the parts between separators, without empty ones at the end (but one for an empty text).
std::vector<N> split(const S& value, char separator) {
  std::vector<N> parts;
  std::istringstream in(value);
  for (S part; std::getline(in, part, separator);) parts.emplace_back(part);
  while (!parts.empty() && parts.back()->empty()) parts.pop_back();
  if (parts.empty()) parts.emplace_back("");
  return parts;
}

S upper(S value) {
  std::ranges::transform(value, value.begin(), [](unsigned char c) { return std::toupper(c); });
  return value;
}

S lower(S value) {
  std::ranges::transform(value, value.begin(), [](unsigned char c) { return std::tolower(c); });
  return value;
}

void stateless(Cases& cases) {
  cases["filter"] = [](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("in");
    s.filter([](const N& k, const N&) { return k == "a"; }).to("kept");
    s.filter_not([](const N& k, const N&) { return k == "a"; }).to("rest");
  };
  cases["map"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in").map([](const N& k, const N& v) { return Pair{v, k}; }).to("out");
  };
  cases["map-values"] = [](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("in");
    s.map_values([](const N& v) { return v ? *v + "!" : "none"; }).to("by-value");
    s.map_values([](const N& k, const N& v) { return text(k) + ":" + text(v); }).to("by-key");
    s.map_values([](const N&) { return N(); }).to("nulls");
  };
  cases["flat-map"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .flat_map([](const N& k, const N& v) {
          std::vector<Pair> pairs;
          for (const auto& word : split(text(v), ' ')) pairs.push_back({word, k});
          return pairs;
        })
        .to("out");
  };
  cases["flat-map-to-nothing"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in").flat_map([](const N&, const N&) { return std::vector<Pair>(); }).to("out");
  };
  cases["flat-map-values"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in").flat_map_values([](const N& v) { return split(text(v), ' '); }).to("out");
  };
  cases["select-key"] = [](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("in");
    s.select_key([](const N& v) { return v; }).to("by-value");
    s.select_key([](const N&) { return N(); }).to("no-key");
  };
  cases["peek-sees-every-record"] = [](StreamsBuilder& b) {
    const auto seen = std::make_shared<int>(0);
    b.stream<N, N>("in")
        .peek([seen](const N&) { ++*seen; })
        .map_values([seen](const N&) { return std::to_string(*seen); })
        .to("out");
  };
  cases["chain"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .filter([](const N& v) { return v.has_value(); })
        .map_values([](const N& v) { return upper(*v); })
        .filter_not([](const S& v) { return v.empty(); })
        .map([](const N& k, const S& v) {
          return KeyValue<S, N>{v, k};
        })
        .select_key([](const S& k, const N&) { return k + k; })
        .to("out");
  };
}

void routing(Cases& cases) {
  const auto append = [](const S& suffix) { return [suffix](const N& v) { return N(text(v) + suffix); }; };
  cases["fan-out-in-order-of-creation"] = [append](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("in");
    s.map_values(append("1")).to("out");
    s.to("out");
    s.map_values(append("2")).map_values(append("3")).to("out");
  };
  cases["merge"] = [](StreamsBuilder& b) {
    const auto a = b.stream<N, N>("a");
    a.merge(b.stream<N, N>("b").map_values([](const N& v) { return N(*v + *v); })).to("out");
  };
  cases["merge-with-itself"] = [append](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("in");
    s.merge(s).to("same");
    const auto one = s.map_values(append("1"));
    one.merge(s.map_values(append("2"))).merge(s).to("three");
  };
  cases["source-of-several-topics"] = [](StreamsBuilder& b) { b.stream<N, N>({"x", "y"}).to("out"); };
  cases["source-of-a-pattern"] = [](StreamsBuilder& b) { b.stream<N, N>(Pattern{"in-[ab]"}).to("out"); };
  cases["split"] = [](StreamsBuilder& b) {
    const auto m = b.stream<N, N>("in")
                       .split(Named::as("s-"))
                       .branch([](const N& v) { return v->starts_with('a'); }, Branched::as("a"))
                       .branch([](const N& v) { return v->ends_with('z'); }, Branched::as("z"))
                       .default_branch(Branched::as("rest"));
    m.at("s-a").to("out-a");
    m.at("s-z").to("out-z");
    m.at("s-rest").to("out-rest");
  };
  cases["split-without-default"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .split(Named::as("s-"))
        .branch([](const N& v) { return v->starts_with('a'); }, Branched::as("a"))
        .no_default_branch()
        .at("s-a")
        .to("out");
  };
  cases["topic-extractor"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in").to(
        [](const N&, const N& v, const RecordMetadata& context) { return "to-" + text(v) + "-" + context.topic; });
  };
  cases["print-and-for-each-are-ends"] = [](StreamsBuilder& b) {
    const auto s = b.stream<N, N>("in");
    s.for_each([](const N&) {});
    s.filter([](const N&) { return false; }).print(Printed::to_sys_out());
    s.to("out");
  };
}

void repartition(Cases& cases) {
  const auto by_value = [](const N& v) { return v; };
  const auto no_key = [](const N&) { return N(); };
  const auto concat = [](const S& x, const S& y) { return x + y; };
  cases["repartition-unnamed"] = [](StreamsBuilder& b) { b.stream<N, N>("in").repartition().to("out"); };
  cases["repartition-named"] = [=](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .select_key(by_value)
        .repartition(Repartitioned::as("spread").with_number_of_partitions(3))
        .to("out");
  };
  cases["repartition-shared-by-grouping"] = [=](StreamsBuilder& b) {
    const auto g = b.stream<N, N>("in").group_by(by_value, Grouped::as("g"));
    g.count(Materialized::as("c")).to_stream().to("counts");
    g.reduce(concat, Materialized::as("r")).to_stream().to("values");
  };
  cases["repartition-of-null-keys"] = [=](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .select_key(no_key)
        .group_by_key(Grouped::as("g"))
        .count(Materialized::as("c"))
        .to_stream()
        .to("out");
    b.stream<N, N>("in2").select_key(no_key).repartition(Repartitioned::as("kept")).to("out2");
  };
  cases["pipeline-through-a-user-topic"] = [=](StreamsBuilder& b) {
    b.stream<N, N>("in").select_key(by_value).to("middle");
    b.stream<N, N>("middle").group_by_key().count(Materialized::as("c")).to_stream().to("out");
  };
}

void counts(Cases& cases) {
  cases["count"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in").group_by_key().count(Materialized::as("cnt")).to_stream().to("out");
  };
  cases["count-unnamed"] = [](StreamsBuilder& b) { b.stream<N, N>("in").group_by_key().count().to_stream().to("out"); };
  cases["count-in-memory"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .group_by_key()
        .count(Materialized::as("cnt").with_store_type(StoreMedium::in_memory))
        .to_stream()
        .to("out");
  };
  cases["count-without-changelog"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in").group_by_key().count(Materialized::as("cnt").with_logging_disabled()).to_stream().to("out");
  };
  cases["count-group-by"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in").group_by([](const N& v) { return v; }).count(Materialized::as("cnt")).to_stream().to("out");
  };
  cases["count-of-several-per-record"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .flat_map_values([](const N& v) { return split(*v, ','); })
        .group_by_key()
        .count(Materialized::as("c"))
        .to_stream()
        .to("out");
  };
  cases["word-count"] = [](StreamsBuilder& b) {
    b.stream<N, N>("text")
        .flat_map_values([](const N& v) { return split(lower(*v), ' '); })
        .group_by([](const N& word) { return word; })
        .count(Materialized::as("counts"))
        .to_stream()
        .to("counts-out");
  };
}

void folds(Cases& cases) {
  cases["reduce"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .group_by_key()
        .reduce([](const S& x, const S& y) { return x + y; }, Materialized::as("red"))
        .to_stream()
        .to("out");
  };
  cases["reduce-to-null-deletes"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .group_by_key()
        .reduce([](const S& x, const S& y) { return y == "drop" ? N() : N(x + y); }, Materialized::as("red"))
        .to_stream()
        .to("out");
  };
  cases["aggregate"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .group_by_key()
        .aggregate([] { return S("0"); }, [](const S& k, const S& v, const S& x) { return x + "," + k + v; },
                   Materialized::as("agg"))
        .to_stream()
        .to("out");
  };
  cases["aggregate-to-null-deletes"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .group_by_key()
        .aggregate([] { return S("0"); }, [](const S&, const S& v, const S& x) { return v == "drop" ? N() : N(x + v); },
                   Materialized::as("agg"))
        .to_stream()
        .to("out");
  };
  cases["aggregate-to-another-type"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .group_by_key()
        .aggregate([] { return L(0); }, [](const S&, const S& v, L x) { return x + static_cast<L>(v.size()); },
                   Materialized())
        .to_stream()
        .to("out");
  };
  cases["aggregate-of-an-aggregate"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .group_by_key()
        .count(Materialized::as("c"))
        .to_stream()
        .map([](const S&, const std::optional<L>& v) {
          return KeyValue<S, S>{"total", std::to_string(*v)};
        })
        .group_by_key(Grouped::as("g"))
        .reduce([](const S& x, const S& y) { return x + "+" + y; }, Materialized::as("t"))
        .to_stream()
        .to("out");
  };
}

}  // namespace

Cases trace_cases() {
  Cases cases;
  stateless(cases);
  routing(cases);
  repartition(cases);
  counts(cases);
  folds(cases);
  return cases;
}

}  // namespace oracle
