// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/windows.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const auto add_left = [](const S&, const S& value, const S& all) { return all + "l" + value; };
const auto add_right = [](const S&, std::int64_t value, const S& all) { return all + "r" + std::to_string(value); };
const auto start = [] { return S("="); };

/// Cogroups two streams of different types into one aggregate.
auto cogrouped(StreamsBuilder& builder) {
  const auto left = builder.stream<S, S>("l").group_by_key();
  const auto right =
      builder.stream<S, S>("r").map_values([](const S& text) { return std::int64_t{std::stoll(text)}; }).group_by_key();
  return left.cogroup(add_left).cogroup(right, add_right);
}

Timeline run(StreamsBuilder& builder) { return Timeline(builder.build()); }

}  // namespace

BOOST_AUTO_TEST_SUITE(Cogroup)

BOOST_AUTO_TEST_CASE(folds_streams_of_several_types_into_one_aggregate) {
  StreamsBuilder builder;
  cogrouped(builder).aggregate(start, Materialized::as("c")).to_stream().to("out");
  auto timeline = run(builder);
  check(timeline, {{"l a=x @10 h=1", {"out a==lx @10 h=1"}},
                   {"r a=7 @5", {"out a==lxr7 @10"}},
                   {"r b=8 @12", {"out b==r8 @12"}},
                   {"l b=y @11", {"out b==r8ly @12"}}});
  BOOST_TEST(
      (timeline.driver().get_timestamped_key_value_store<S, S>("c").get("b") == ValueAndTimestamp<S>{"=r8ly", 12}));
}

BOOST_AUTO_TEST_CASE(repartitions_what_was_rekeyed) {
  StreamsBuilder builder;
  const auto left = builder.stream<S, S>("l").group_by([](const S& value) { return value; });
  const auto right = builder.stream<S, S>("r").group_by_key();
  left.cogroup([](const S&, const S&, S all) { return all + "l"; })
      .cogroup(right, [](const S&, const S& value, S all) { return all + value; })
      .aggregate(start, Materialized::as("c"))
      .to_stream()
      .to("out");
  auto timeline = run(builder);
  check(timeline, {{"l a=k @10", {"out k==l @10"}}, {"r k=x @11", {"out k==lx @11"}}});
  BOOST_TEST(timeline.internal_topics().contains("app-c-repartition"));
}

BOOST_AUTO_TEST_CASE(deletes_where_an_aggregator_returns_nullopt) {
  StreamsBuilder builder;
  const auto reset = [](const S&, const S&, const S&) { return N(); };
  builder.stream<S, S>("l")
      .group_by_key()
      .cogroup(add_left)
      .cogroup(builder.stream<S, S>("reset").group_by_key(), reset)
      .aggregate(start)
      .to_stream()
      .to("out");
  auto timeline = run(builder);
  check(timeline,
        {{"l a=x @10", {"out a==lx @10"}}, {"reset a=now @11", {"out a=null @11"}}, {"l a=y @12", {"out a==ly @12"}}});
}

// Kafka Streams has the same rule: a cogroup is versioned unless one of its streams leads to another kind of source.
BOOST_AUTO_TEST_CASE(in_windows_counts_as_versioned_only_if_all_its_streams_are) {
  StreamsBuilder builder;
  const auto text = [](const N& value) { return value.value_or(""); };
  const auto versioned = builder.table<S, S>("t", Materialized::as_versioned("v", 1h)).to_stream().map_values(text);
  const auto plain = builder.table<S, S>("u").to_stream().map_values(text);
  const auto number = plain.map_values([](const S& value) { return std::int64_t{std::stoll(value)}; });
  const auto suppress = [](const auto& cogroup) {
    return error_of([&] {
      (void)cogroup.windowed_by(TimeWindows::of_size_with_no_grace(10ms))
          .aggregate(start)
          .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()).with_name("last"));
    });
  };
  const S refused = "'last': a versioned table, or one made from one, cannot be suppressed";
  BOOST_TEST(suppress(versioned.group_by_key().cogroup(add_left)) == refused);
  BOOST_TEST(suppress(versioned.group_by_key().cogroup(add_left).cogroup(number.group_by_key(), add_right)) == "");
  BOOST_TEST(suppress(versioned.merge(plain).group_by_key().cogroup(add_left)) == "");
}

BOOST_AUTO_TEST_CASE(in_windows_has_one_aggregate_per_window) {
  StreamsBuilder builder;
  const auto both = cogrouped(builder);
  show(both.windowed_by(TimeWindows::of_size_with_no_grace(10ms)).aggregate(start), "time");
  show(both.windowed_by(SlidingWindows::of_time_difference_with_no_grace(10ms)).aggregate(start), "sliding");
  show(both.windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(5ms))
           .aggregate(start, [](const S&, const S& one, const S& other) { return one + other; }),
       "session");
  auto timeline = run(builder);
  check(timeline, {{"l a=x @14", {"session a[14,14)==lx @14", "sliding a[4,14)==lx @14", "time a[10,20)==lx @14"}},
                   {"r a=7 @19",
                    {"session a[14,14)=null @14", "session a[14,19)===lxr7 @19", "sliding a[15,25)==r7 @19",
                     "sliding a[9,19)==lxr7 @19", "time a[10,20)==lxr7 @19"}}});
}

BOOST_AUTO_TEST_CASE(takes_the_aggregate_type_as_a_template_argument_for_generic_aggregators) {
  StreamsBuilder builder;
  builder.stream<S, S>("l")
      .group_by_key()
      .cogroup<S>([](const auto&, const auto& value, const auto& all) { return all + value; })
      .aggregate(start)
      .to_stream()
      .to("out");
  auto timeline = run(builder);
  check(timeline, {{"l a=x @14", {"out a==x @14"}}});
}

BOOST_AUTO_TEST_CASE(passes_nulls_only_to_windowed_aggregators_that_accept_them) {
  StreamsBuilder builder;
  const auto group = builder.stream<N, N>("in").group_by_key().cogroup(add_left);
  (void)group.aggregate(start);
  (void)group.windowed_by(SlidingWindows::of_time_difference_with_no_grace(10ms)).aggregate(start);
  check_contains(error_of([&] { (void)group.windowed_by(TimeWindows::of_size_with_no_grace(10ms)).aggregate(start); }),
                 "must take std::optional values");
}

BOOST_AUTO_TEST_CASE(refuses_streams_of_another_builder) {
  StreamsBuilder one;
  StreamsBuilder other;
  const auto group = one.stream<S, S>("l").group_by_key().cogroup(add_left);
  check_contains(error_of([&] { (void)group.cogroup(other.stream<S, S>("r").group_by_key(), add_left); }),
                 "another StreamsBuilder");
}

BOOST_AUTO_TEST_SUITE_END()
