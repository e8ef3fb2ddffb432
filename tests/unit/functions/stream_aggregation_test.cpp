// SPDX-License-Identifier: Apache-2.0
// Ready-made aggregates of streams: per key, per window and per session.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/functions/aggregates.hpp"
#include "unit/functions/sales.hpp"

using namespace millrace;
using namespace millrace::test;
using namespace millrace::aggregates;

BOOST_AUTO_TEST_SUITE(StreamAggregation)

BOOST_AUTO_TEST_CASE(gives_the_result_of_one_aggregate) {
  StreamsBuilder builder;
  builder.stream<N, Sale>("in")
      .group_by_key()
      .aggregate(sum(&Sale::amount))
      .to_stream()
      .map_values([](const std::optional<std::int64_t>& total) { return std::to_string(total.value()); })
      .to("out");
  check(builder.build(), {{R"(in a={"amount":2} @1)", {"out a=2 @1"}},
                          {R"(in a={"amount":3} @5)", {"out a=5 @5"}},
                          {R"(in b={"amount":1} @2)", {"out b=1 @2"}},
                          {R"(in a={"amount":-9} @3)", {"out a=-4 @5"}}});
}

BOOST_AUTO_TEST_CASE(fills_a_struct_with_several_results_and_keeps_the_states_in_its_store) {
  StreamsBuilder builder;
  const auto totals = aggregate_to<Totals>(count(), avg(&Sale::price), latest(&Sale::item), top_k<2>(&Sale::amount));
  builder.stream<N, std::optional<Sale>>("in")
      .group_by_key()
      .aggregate(totals, Named::as("totals"), Materialized::as("s"))
      .to_stream()
      .to("out");
  const auto topology = builder.build();
  BOOST_TEST(topology.describe().find("totals-results") != S::npos);
  Timeline timeline(topology);
  check(timeline,
        {{R"(in a={"price":2,"item":"x","amount":1} @1)", {R"(out a={"n":1,"price":2.0,"item":"x","top":[1]} @1)"}},
         {R"(in a={"amount":3} @2)", {R"(out a={"n":2,"price":2.0,"item":"x","top":[3,1]} @2)"}},
         {R"(in a={"price":5,"item":"y","amount":2} @3)", {R"(out a={"n":3,"price":3.5,"item":"y","top":[3,2]} @3)"}},
         {"in a=null @4", {}}});
  BOOST_TEST(drops(timeline.driver()) == "null-value 1");
  using Typed = decltype(totals.for_values<Sale>());
  const auto stored = timeline.driver().get_timestamped_key_value_store<S, Typed::State>("s").get("a");
  BOOST_REQUIRE(stored.has_value());
  BOOST_TEST(totals.for_values<Sale>().result(stored->value).count == 3);
}

BOOST_AUTO_TEST_CASE(counts_an_overflow_as_a_failure_of_the_record) {
  StreamsBuilder builder;
  (void)builder.stream<N, std::int64_t>("in").group_by_key().aggregate(of(count(), sum()));
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<S, std::int64_t>("in");
  in.pipe_input("a", std::numeric_limits<std::int64_t>::max());
  check_contains(error_of<StreamsException>([&] { in.pipe_input("a", 1); }),
                 "sum: 9223372036854775807 + 1 is outside the range");
}

BOOST_AUTO_TEST_CASE(of_time_windows_skips_null_values) {
  StreamsBuilder builder;
  builder.stream<N, std::optional<Sale>>("in")
      .group_by_key()
      .windowed_by(TimeWindows::of_size_with_no_grace(10ms))
      .aggregate(aggregate_to<Totals>(count(), avg(&Sale::price), latest(&Sale::item), top_k<2>(&Sale::amount)))
      .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
      .to_stream()
      .select_key([](const Windowed<S>& key, const std::optional<Totals>&) {
        return key.key + std::to_string(key.window.start);
      })
      .to("out");
  check(builder.build(),
        {{R"(in a={"price":2,"amount":1} @1)", {}},
         {"in a=null @2", {}},
         {"in b=null @3", {}},
         {R"(in a={"price":3,"amount":1} @11)",
          {R"(out a0={"n":1,"price":2.0,"top":[1]} @2)", R"(out b0={"n":0,"price":0.0,"top":[]} @3)"}}});
}

BOOST_AUTO_TEST_CASE(of_sliding_windows_is_possible) {
  StreamsBuilder builder;
  builder.stream<N, std::int64_t>("in")
      .group_by_key()
      .windowed_by(SlidingWindows::of_time_difference_with_no_grace(10ms))
      .aggregate(max())
      .to_stream()
      .map([](const Windowed<S>& key, const std::optional<std::optional<std::int64_t>>& most) {
        return std::pair(key.key + std::to_string(key.window.start), most.value().value());
      })
      .to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<S, std::int64_t>("in");
  in.pipe_input("a", 5, 20);
  in.pipe_input("a", 7, 25);
  const auto last = driver.create_output_topic<S, std::int64_t>("out").read_key_values_to_map();
  BOOST_TEST(last.at("a10") == 5);
  BOOST_TEST(last.at("a15") == 7);
  BOOST_TEST(last.at("a21") == 7);
}

BOOST_AUTO_TEST_CASE(of_sessions_merges_them_in_the_order_of_their_times) {
  StreamsBuilder builder;
  builder.stream<N, S>("in")
      .group_by_key()
      .windowed_by(SessionWindows::of_inactivity_gap_and_grace(10ms, 50ms))
      .aggregate(of(count(), earliest(), latest(), collect_list()), Materialized::as("s"))
      .to_stream()
      .map([](const Windowed<S>& key, const auto& result) {
        if (!result) return std::pair(key.key, N());
        const auto& [number, first, last, all] = *result;
        S text = std::to_string(number) + *first + *last;
        for (const auto& value : all) text += "," + value;
        return std::pair(key.key, N(text));
      })
      .to("out");
  // The third record connects two sessions. It is processed last, so its value is the latest.
  check(builder.build(), {{"in a=x @100", {"out a=1xx,x @100"}},
                          {"in a=y @115", {"out a=1yy,y @115"}},
                          {"in a=z @107", {"out a=null @100", "out a=null @115", "out a=3xz,x,y,z @115"}}});
}

BOOST_AUTO_TEST_SUITE_END()
