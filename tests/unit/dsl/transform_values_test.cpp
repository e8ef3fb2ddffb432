// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

struct Counters {
  int started = 0;
  int closed = 0;
};

/// A transformer that counts how many of its kind were started and closed.
class Counting final : public ValueTransformerWithKey<S, S, S> {
 public:
  explicit Counting(Counters& counters) : counters_(counters) {}
  void init(ProcessingContext& context) override {
    ValueTransformerWithKey::init(context);
    ++counters_.started;
  }
  std::optional<S> transform(const S& key, const S* value) override { return value == nullptr ? N() : N(key + *value); }
  void close() override { ++counters_.closed; }

 private:
  Counters& counters_;
};

/// The counts from start to end of a topology. `use` uses the table that `Counting` computes.
template <class F>
Counters counted(F use) {
  Counters counters;
  StreamsBuilder builder;
  use(builder,
      builder.table<S, S>("in").transform_values([&counters] { return std::make_unique<Counting>(counters); }));
  { const TopologyTestDriver driver(builder.build()); }
  return counters;
}

void check(const Counters& counters, int instances) {
  BOOST_TEST(counters.started == instances);
  BOOST_TEST(counters.closed == instances);
}

auto joined() {
  return [](const S& left, const S& right) { return left + right; };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(TransformValues)

BOOST_AUTO_TEST_CASE(closes_the_transformer_of_its_node) {
  check(counted([](StreamsBuilder&, const auto& table) { table.to_stream().to("out"); }), 1);
}

BOOST_AUTO_TEST_CASE(closes_transformers_that_joins_use_to_read_the_table) {
  check(counted([](StreamsBuilder& builder, const auto& table) {
          builder.stream<S, S>("s").join(table, joined()).to("out");
        }),
        2);
  check(counted([](StreamsBuilder& builder, const auto& table) {
          builder.table<S, S>("t").join(table, joined()).to_stream().to("out");
        }),
        2);
}

BOOST_AUTO_TEST_CASE(closes_transformers_behind_other_derived_tables) {
  check(counted([](StreamsBuilder& builder, const auto& table) {
          const auto filtered = table.filter([](const S&) { return true; }).map_values([](const S& v) { return v; });
          builder.stream<S, S>("s").join(filtered, joined()).to("out");
        }),
        2);
  check(counted([](StreamsBuilder& builder, const auto& table) {
          const auto held = table.suppress(Suppressed::until_time_limit(10ms, BufferConfig::unbounded()));
          builder.stream<S, S>("s").join(held, joined()).to("out");
        }),
        2);
  check(counted([](StreamsBuilder& builder, const auto& table) {
          const auto both = builder.table<S, S>("t").join(table, joined());
          builder.stream<S, S>("s").join(both, joined()).to("out");
        }),
        3);
}

BOOST_AUTO_TEST_SUITE_END()
