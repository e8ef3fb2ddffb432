// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// A custom serde for a type without a default serde.
struct Point {
  int x = 0;
  int y = 0;
  bool operator==(const Point&) const = default;
};
struct PointSerde {
  void serialize(const Point& p, std::string& out) const { out += std::to_string(p.x) + ";" + std::to_string(p.y); }
  Point deserialize(std::string_view bytes) const {
    const auto middle = bytes.find(';');
    if (middle == std::string_view::npos) throw SerializationException("Point: no ';'");
    return {std::stoi(S(bytes.substr(0, middle))), std::stoi(S(bytes.substr(middle + 1)))};
  }
};

/// A serde that reverses strings, which shows that the serde was used.
struct BackwardsSerde {
  void serialize(const S& value, std::string& out) const { out.append(value.rbegin(), value.rend()); }
  S deserialize(std::string_view bytes) const { return {bytes.rbegin(), bytes.rend()}; }
};

struct Trade {
  S symbol;
  double price = 0;
  bool operator==(const Trade&) const = default;
};
MILLRACE_JSON(Trade, symbol, price)

}  // namespace

BOOST_AUTO_TEST_SUITE(Sink)

BOOST_AUTO_TEST_CASE(writes_to_the_topic_that_the_function_names) {
  StreamsBuilder builder;
  builder.stream<N, N>("in").to([](const N& key, const N& value, const RecordMetadata& origin) {
    return text(key) + "-" + text(value) + "-" + origin.topic + "-" + std::to_string(origin.offset);
  });
  check(builder.build(), {{"in a=x @1", {"a-x-in-0 a=x @1"}}, {"in null=y @2 h=1", {"null-y-in-1 null=y @2 h=1"}}});
}

BOOST_AUTO_TEST_CASE(a_topic_that_is_read_again_feeds_its_source) {
  StreamsBuilder builder;
  builder.stream<N, N>("in").select_key([](const N& value) { return value; }).to("middle");
  builder.stream<N, N>("middle").map_values([](const N& value) { return text(value) + "!"; }).to("out");
  check(builder.build(), {{"in a=1 @1", {"middle 1=1 @1", "out 1=1! @1"}}});
}

BOOST_AUTO_TEST_CASE(null_stays_null_and_empty_stays_empty) {
  StreamsBuilder builder;
  builder.stream<N, N>("in").to("out");
  check(builder.build(), {{"in = @1", {"out = @1"}}, {"in null=null @2", {"out null=null @2"}}});
}

BOOST_AUTO_TEST_CASE(a_partitioner_chooses_the_partitions) {
  auto calls = std::make_shared<std::vector<S>>();
  StreamsBuilder builder;
  builder.stream<S, S>("in").to(
      "out",
      Produced().with_stream_partitioner([calls](const S& topic, const S& key, const S& value,
                                                 std::int32_t partitions) -> std::optional<std::set<std::int32_t>> {
        calls->push_back(topic + " " + key + " " + value + " " + std::to_string(partitions));
        if (value == "none") return std::set<std::int32_t>{};
        if (value == "all") return std::set<std::int32_t>{0, 1, 2};
        if (value == "one") return std::set<std::int32_t>{0};
        return std::nullopt;
      }));
  Timeline timeline(builder.build());
  check(timeline, {{"in a=one @1", {"out a=one @1"}},
                   {"in a=all @2", {"out a=all @2", "out a=all @2", "out a=all @2"}},
                   {"in a=default @3", {"out a=default @3"}},
                   {"in a=none @4", {}}});
  BOOST_TEST(calls->front() == "out a one 1");
  BOOST_TEST(drops(timeline.driver()) == "no-partition 1");
}

BOOST_AUTO_TEST_CASE(a_partitioner_may_look_at_the_headers) {
  const auto drop_marked = [](const S&, const N&, const N&, const Headers& headers,
                              std::int32_t) -> std::optional<std::set<std::int32_t>> {
    if (headers.last("drop") != nullptr) return std::set<std::int32_t>{};
    return std::nullopt;
  };
  StreamsBuilder builder;
  const auto in = builder.stream<N, N>("in");
  in.to("out", Produced().with_stream_partitioner(drop_marked));
  in.repartition(Repartitioned::as("middle").with_stream_partitioner(drop_marked)).to("behind");
  Timeline timeline(builder.build());
  check(timeline, {{"in a=1 @1 keep=x", {"behind a=1 @1 keep=x", "out a=1 @1 keep=x"}}, {"in a=2 @2 drop=x", {}}});
  BOOST_TEST(timeline.driver().dropped_records() == 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(Serdes)

BOOST_AUTO_TEST_CASE(must_be_given_for_types_without_one) {
  StreamsBuilder builder;
  builder.stream<S, Point>("in", Consumed().with_value_serde(PointSerde()))
      .filter([](const Point& p) { return p.x > 0; })
      .to("out", Produced().with_value_serde(PointSerde()));
  check(builder.build(), {{"in a=1;2 @1", {"out a=1;2 @1"}}, {"in a=0;2 @1", {}}});
}

BOOST_AUTO_TEST_CASE(follow_the_stream_until_the_type_changes) {
  StreamsBuilder builder;
  const auto in = builder.stream<S, S>("in", Consumed::with(BackwardsSerde(), BackwardsSerde()));
  in.filter([](const S& value) { return value == "12"; }).to("filtered");
  in.map_values([](const S& value) { return value + "3"; }).to("mapped");
  in.select_key([](const S& key, const S&) { return key + "c"; }).to("rekeyed");
  in.to("given", Produced().with_value_serde(Serde<S>()));
  check(builder.build(),
        {{"in ba=21 @1", {"filtered ba=21 @1", "given ba=12 @1", "mapped ba=123 @1", "rekeyed abc=21 @1"}}});
}

BOOST_AUTO_TEST_CASE(apply_to_the_nullable_type_of_a_value) {
  StreamsBuilder builder;
  builder.stream<N, std::optional<Point>>("in", Consumed().with_value_serde(PointSerde()))
      .to("out", Produced().with_value_serde(PointSerde()));
  check(builder.build(), {{"in a=1;2 @1", {"out a=1;2 @1"}}, {"in a=null @2", {"out a=null @2"}}});
}

BOOST_AUTO_TEST_CASE(of_declared_structs_are_json) {
  StreamsBuilder builder;
  builder.stream<Unkeyed, Trade>("in")
      .filter([](const Trade& trade) { return trade.price > 10; })
      .select_key([](const Trade& trade) { return trade.symbol; })
      .to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Unkeyed, Trade>("in");
  in.pipe_input({}, {"A", 10.5}, 1);
  in.pipe_input({}, {"B", 9}, 2);
  auto out = driver.create_output_topic<S, S>("out");
  BOOST_TEST(out.read_value() == R"({"symbol":"A","price":10.5})");
  BOOST_TEST(out.is_empty());
}

BOOST_AUTO_TEST_CASE(are_used_for_stores_changelogs_and_repartition_topics) {
  StreamsBuilder builder;
  builder.stream<S, Point>("in", Consumed().with_value_serde(PointSerde()))
      .group_by([](const Point& p) { return std::to_string(p.x); }, Grouped::as("g").with_value_serde(PointSerde()))
      .reduce(
          [](const Point& sum, const Point& p) {
            return Point{p.x, sum.y + p.y};
          },
          Materialized::as("sum").with_value_serde(PointSerde()))
      .to_stream()
      .to("out", Produced().with_value_serde(PointSerde()));
  Timeline timeline(builder.build());
  check(timeline, {{"in k=1;2 @1", {"out 1=1;2 @1"}}, {"in k=1;40 @2", {"out 1=1;42 @2"}}});
  const auto last = [&](const S& topic) {
    return timeline.driver().create_output_topic<S, S>(topic).read_values_to_list().back();
  };
  BOOST_TEST(last("app-sum-changelog") == "1;42");
  BOOST_TEST(last("app-g-repartition") == "1;40");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(RecordHeaders)

BOOST_AUTO_TEST_CASE(pass_stateless_operators_and_repartition_topics) {
  StreamsBuilder builder;
  builder.stream<N, N>("in")
      .filter([](const N&) { return true; })
      .map([](const N& key, const N& value) {
        return KeyValue<N, N>{key, value};
      })
      .map_values([](const N& value) { return value; })
      .flat_map([](const N& key, const N& value) {
        return std::vector{KeyValue<N, N>{key, value}};
      })
      .flat_map_values([](const N& value) { return std::vector{value}; })
      .select_key([](const N& value) { return value; })
      .peek([](const N&) {})
      .repartition(Repartitioned::as("again"))
      .to("out");
  check(builder.build(), {{"in a=1 @1 h=1 g=2 h=3", {"out 1=1 @1 h=1 g=2 h=3"}}});
}

BOOST_AUTO_TEST_CASE(may_be_null_empty_and_repeated) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").to("out");
  TopologyTestDriver driver(builder.build());
  const Headers headers{{"null", {}}, {"empty", ""}, {"h", "1"}, {"h", "2"}};
  driver.create_input_topic<S, S>("in").pipe_input("a", "1", 1, headers);
  const auto record = driver.create_output_topic<S, S>("out").read_record();
  BOOST_TEST((record.headers == headers));
  BOOST_TEST(record.headers.last("h")->value.value() == "2");
}

BOOST_AUTO_TEST_CASE(are_in_the_result_of_an_aggregation_but_not_in_its_changelog) {
  StreamsBuilder builder;
  builder.stream<S, S>("in")
      .group_by_key()
      .reduce([](const S& a, const S& b) { return a + b; }, Materialized::as("r"))
      .to_stream()
      .to("out");
  Timeline timeline(builder.build());
  check(timeline, {{"in a=1 @1 h=1", {"out a=1 @1 h=1"}}, {"in a=2 @2 h=2", {"out a=12 @2 h=2"}}});
  auto changelog = timeline.driver().create_output_topic<S, S>("app-r-changelog");
  BOOST_TEST(changelog.read_record().headers.empty());
}

BOOST_AUTO_TEST_SUITE_END()
