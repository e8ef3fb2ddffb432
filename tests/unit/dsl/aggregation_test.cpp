// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const auto as_text = [](const std::optional<std::int64_t>& count) { return count ? N(std::to_string(*count)) : N(); };
const auto concat = [](const S& aggregate, const S& value) { return aggregate + value; };

template <class F>
Topology grouped(F aggregate) {
  StreamsBuilder builder;
  aggregate(builder.stream<N, N>("in").group_by_key());
  return builder.build();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Count)

BOOST_AUTO_TEST_CASE(counts_per_key_and_takes_the_larger_timestamp) {
  const auto topology = grouped(
      [](const auto& group) { group.count(Materialized::as("cnt")).to_stream().map_values(as_text).to("out"); });
  Timeline timeline(topology);
  check(timeline, {{"in a=x @40", {"out a=1 @40"}},
                   {"in a=y @35", {"out a=2 @40"}},
                   {"in b=z @41 h=1", {"out b=1 @41 h=1"}},
                   {"in a=null @45", {}},
                   {"in null=v @46", {}},
                   {"in a=w @47 h=2 h=3", {"out a=3 @47 h=2 h=3"}}});
  BOOST_TEST(drops(timeline.driver()) == "null-key 1, null-value 1");
}

BOOST_AUTO_TEST_CASE(keeps_counts_and_times_in_a_store_that_can_be_read) {
  const auto topology = grouped([](const auto& group) {
    const auto table = group.count(Materialized::as("cnt"));
    BOOST_TEST(table.queryable_store_name() == "cnt");
    BOOST_TEST(group.count().queryable_store_name().empty());
  });
  Timeline timeline(topology);
  (void)timeline.feed("in a=x @40");
  (void)timeline.feed("in a=x @30");
  auto& store = timeline.driver().get_timestamped_key_value_store<S, std::int64_t>("cnt");
  BOOST_TEST((store.get("a") == ValueAndTimestamp<std::int64_t>{2, 40}));
  BOOST_TEST(!store.get("b"));
  auto names = timeline.driver().get_all_state_store_names();
  std::ranges::sort(names);
  BOOST_TEST((names == std::vector<S>{"KSTREAM-AGGREGATE-STATE-STORE-0000000002", "cnt"}));
  check_contains(error_of([&] { (void)timeline.driver().get_key_value_store<S, S>("cnt"); }), "'cnt'");
  check_contains(error_of([&] { (void)timeline.driver().get_key_value_store<S, S>("other"); }), "'other'");
}

BOOST_AUTO_TEST_CASE(runs_in_memory_and_without_changelog_as_well) {
  for (const auto& materialized : {Materialized::as("cnt").with_store_type(StoreMedium::in_memory),
                                   Materialized::as("cnt").with_logging_disabled()}) {
    const bool logged = materialized.settings().logging;
    Timeline timeline(
        grouped([&](const auto& group) { group.count(materialized).to_stream().map_values(as_text).to("out"); }));
    check(timeline, {{"in a=x @40", {"out a=1 @40"}}, {"in a=y @35", {"out a=2 @40"}}});
    BOOST_TEST(timeline.internal_topics().contains("app-cnt-changelog") == logged);
  }
}

BOOST_AUTO_TEST_CASE(counts_each_record_of_a_flat_map) {
  StreamsBuilder builder;
  builder.stream<Unkeyed, S>("text")
      .flat_map_values([](const S& line) {
        std::istringstream in(line);
        std::vector<S> words;
        for (S word; std::getline(in, word, '-');) words.push_back(word);
        return words;
      })
      .group_by([](const S& word) { return word; })
      .count(Materialized::as("counts"))
      .to_stream()
      .map_values(as_text)
      .to("out");
  check(builder.build(),
        {{"text null=hello-kafka-hello @10", {"out hello=1 @10", "out kafka=1 @10", "out hello=2 @10"}},
         {"text null=kafka @5", {"out kafka=2 @10"}}});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(Reduce)

BOOST_AUTO_TEST_CASE(starts_with_the_first_value_of_a_key) {
  check(grouped([](const auto& group) { group.reduce(concat, Materialized::as("r")).to_stream().to("out"); }),
        {{"in a=1 @40", {"out a=1 @40"}},
         {"in a=2 @35", {"out a=12 @40"}},
         {"in b=3 @41", {"out b=3 @41"}},
         {"in a=null @50", {}},
         {"in a=4 @51", {"out a=124 @51"}}});
}

BOOST_AUTO_TEST_CASE(deletes_when_the_reducer_returns_nullopt) {
  check(grouped([](const auto& group) {
          group
              .reduce([](const S& aggregate, const S& value) { return value == "drop" ? N() : N(aggregate + value); },
                      Materialized::as("r"))
              .to_stream()
              .to("out");
        }),
        {{"in a=1 @40", {"out a=1 @40"}},
         {"in a=2 @41", {"out a=12 @41"}},
         {"in a=drop @39", {"out a=null @41"}},
         {"in a=3 @38", {"out a=3 @38"}},
         {"in a=4 @37", {"out a=34 @38"}}});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(Aggregate)

BOOST_AUTO_TEST_CASE(folds_into_another_type) {
  check(grouped([](const auto& group) {
          group
              .aggregate([] { return std::int64_t{0}; },
                         [](const S& key, const S& value, std::int64_t total) {
                           return total + static_cast<std::int64_t>(key.size() + value.size());
                         })
              .to_stream()
              .map_values(as_text)
              .to("out");
        }),
        {{"in a=xx @40", {"out a=3 @40"}}, {"in a=yyy @35", {"out a=7 @40"}}, {"in bb= @1", {"out bb=2 @1"}}});
}

BOOST_AUTO_TEST_CASE(deletes_when_the_aggregator_returns_nullopt) {
  check(grouped([](const auto& group) {
          group
              .aggregate([] { return S("0"); },
                         [](const S&, const S& value, const S& aggregate) {
                           return value == "drop" ? N() : N(aggregate + value);
                         },
                         Materialized::as("agg"))
              .to_stream()
              .to("out");
        }),
        {{"in a=drop @40", {"out a=null @40"}},
         {"in a=1 @39", {"out a=01 @39"}},
         {"in a=drop @38", {"out a=null @39"}},
         {"in a=2 @37", {"out a=02 @37"}}});
}

BOOST_AUTO_TEST_CASE(may_start_with_nullopt) {
  check(grouped([](const auto& group) {
          group
              .aggregate([] { return N(); },
                         [](const S& key, const S& value, N aggregate) -> N {
                           if (value == "ignore") return aggregate;
                           return aggregate ? *aggregate + value : key + value;
                         })
              .to_stream()
              .to("out");
        }),
        {{"in a=ignore @40", {"out a=null @40"}}, {"in a=1 @39", {"out a=a1 @39"}}, {"in a=2 @41", {"out a=a12 @41"}}});
}

BOOST_AUTO_TEST_CASE(can_follow_another_aggregation) {
  StreamsBuilder builder;
  builder.stream<N, N>("in")
      .group_by_key()
      .count(Materialized::as("c"))
      .to_stream()
      .map([](const S&, const std::optional<std::int64_t>& count) {
        return KeyValue<S, S>{"total", *as_text(count)};
      })
      .group_by_key(Grouped::as("g"))
      .reduce([](const S& all, const S& count) { return all + "+" + count; }, Materialized::as("t"))
      .to_stream()
      .to("out");
  check(
      builder.build(),
      {{"in a=x @1", {"out total=1 @1"}}, {"in a=x @2", {"out total=1+2 @2"}}, {"in b=x @3", {"out total=1+2+1 @3"}}});
}

BOOST_AUTO_TEST_CASE(feeds_several_streams_from_one_table) {
  check(grouped([](const auto& group) {
          const auto table = group.reduce(concat, Materialized::as("r"));
          table.to_stream().to("first");
          table.to_stream([](const S& key, const N& value) { return key + text(value); }).to("second");
        }),
        {{"in a=1 @1", {"first a=1 @1", "second a1=1 @1"}}});
}

BOOST_AUTO_TEST_SUITE_END()
