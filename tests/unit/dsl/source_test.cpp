// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "support/captured_stderr.hpp"
#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

StreamsConfig default_extractor(const char* name) {
  return std::move(StreamsConfig().set("default.timestamp.extractor", name));
}

/// Copies `in` to `out` as strings, with the given `consumed`.
template <class C>
Topology copy_topology(const C& consumed) {
  StreamsBuilder builder;
  builder.stream<S, S>("in", consumed).to("out");
  return builder.build();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Source)

BOOST_AUTO_TEST_CASE(reads_several_topics) {
  StreamsBuilder builder;
  builder.stream<N, N>({"x", "y"}).to("out");
  check(builder.build(), {{"x a=1 @3", {"out a=1 @3"}}, {"y a=2 @2", {"out a=2 @2"}}, {"x a=3 @1", {"out a=3 @1"}}});
}

BOOST_AUTO_TEST_CASE(reads_topics_whose_whole_name_matches_a_pattern) {
  StreamsBuilder builder;
  builder.stream<N, N>(Pattern{"in-[ab]"}).to("out");
  Timeline timeline(builder.build());
  check(timeline, {{"in-a k=1 @3", {"out k=1 @3"}}, {"in-b k=2 @2", {"out k=2 @2"}}, {"in-a k=3 @4", {"out k=3 @4"}}});
  for (const char* other : {"in-c", "in-aa", "xin-a"}) {
    check_contains(error_of([&] { (void)timeline.feed(S(other) + " k=1 @5"); }), "does not read topic '" + S(other));
  }
}

BOOST_AUTO_TEST_CASE(is_shared_by_equal_streams) {
  StreamsBuilder builder;
  builder.stream<N, N>("in").to("first");
  builder.stream<N, N>("in").to("second");
  builder.stream<N, N>({"x", "y"}).to("third");
  builder.stream<N, N>({"y", "x"}).to("fourth");
  check(builder.build(),
        {{"in a=1 @1", {"first a=1 @1", "second a=1 @1"}}, {"x a=2 @2", {"fourth a=2 @2", "third a=2 @2"}}});
}

BOOST_AUTO_TEST_CASE(ignores_keys_of_an_unkeyed_stream) {
  StreamsBuilder builder;
  builder.stream<Unkeyed, S>("in").to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Unkeyed, S>("in");
  in.pipe_raw("\xff\xfe", "x", 1);
  in.pipe_raw(std::nullopt, "y", 2);
  auto out = driver.create_output_topic<N, S>("out");
  BOOST_TEST((out.read_record() == Record<N, S>{{}, "x", 1, {}}));
  BOOST_TEST((out.read_record() == Record<N, S>{{}, "y", 2, {}}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(Timestamps)

BOOST_AUTO_TEST_CASE(stop_the_application_by_default_if_negative) {
  Timeline timeline(copy_topology(Consumed()));
  const auto error = error_of<StreamsException>([&] { (void)timeline.feed("in a=1 @-1"); });
  check_contains(error, "in-0, offset 0");
  check_contains(error, "default.timestamp.extractor");
}

BOOST_AUTO_TEST_CASE(are_dropped_by_log_and_skip_if_negative) {
  Timeline timeline(copy_topology(Consumed().with_timestamp_policy(TimestampPolicy::log_and_skip)));
  check(timeline, {{"in a=1 @-1", {}}, {"in a=2 @5", {"out a=2 @5"}}});
  BOOST_TEST(drops(timeline.driver()) == "negative-timestamp 1");
}

BOOST_AUTO_TEST_CASE(become_the_partition_time_if_negative) {
  Timeline timeline(copy_topology(Consumed().with_timestamp_policy(TimestampPolicy::use_partition_time)));
  check(timeline, {{"in a=1 @9", {"out a=1 @9"}}, {"in a=2 @5", {"out a=2 @5"}}, {"in a=3 @-1", {"out a=3 @9"}}});
}

BOOST_AUTO_TEST_CASE(have_no_partition_time_before_the_first_record) {
  Timeline timeline(copy_topology(Consumed().with_timestamp_policy(TimestampPolicy::use_partition_time)));
  check_contains(error_of<StreamsException>([&] { (void)timeline.feed("in a=1 @-1"); }), "in-0, offset 0");
}

BOOST_AUTO_TEST_CASE(can_come_from_the_wall_clock) {
  Timeline timeline(copy_topology(Consumed().with_timestamp_policy(TimestampPolicy::wallclock_time)));
  check(timeline, {{"in a=1 @9", {"out a=1 @1000000"}}});
  timeline.driver().advance_wall_clock_time(5ms);
  check(timeline, {{"in a=1 @9", {"out a=1 @1000005"}}});
}

BOOST_AUTO_TEST_CASE(follow_the_configured_policy_if_the_source_has_none) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").to("out");
  builder.stream<S, S>("own", Consumed().with_timestamp_policy(TimestampPolicy::log_and_skip)).to("out");
  Timeline timeline(builder.build(), default_extractor("WallclockTimestampExtractor"));
  check(timeline, {{"in a=1 @9", {"out a=1 @1000000"}}, {"own a=1 @9", {"out a=1 @9"}}});
}

BOOST_AUTO_TEST_CASE(can_be_extracted_from_the_record) {
  const auto extract = [](const Record<S, S>& record, Timestamp partition_time) -> Timestamp {
    if (record.value == "partition-time") return partition_time;
    return record.value == "none" ? -1 : std::stol(record.value) + record.timestamp;
  };
  Timeline timeline(copy_topology(Consumed().with_timestamp_extractor(extract)));
  check(timeline, {{"in a=partition-time @7", {}},
                   {"in a=100 @7", {"out a=100 @107"}},
                   {"in a=50 @7", {"out a=50 @57"}},
                   {"in a=partition-time @7", {"out a=partition-time @107"}},
                   {"in a=none @7", {}}});
  BOOST_TEST(drops(timeline.driver()) == "negative-timestamp 2");
}

BOOST_AUTO_TEST_CASE(can_be_extracted_with_the_record_metadata) {
  StreamsBuilder builder;
  const auto extract = [](const Record<S, S>& record, Timestamp, const RecordMetadata& place) {
    return record.timestamp + (place.topic == "seconds" ? 1'000 : 0) + 10 * place.offset + place.partition;
  };
  builder.stream<S, S>(std::vector<S>{"millis", "seconds"}, Consumed().with_timestamp_extractor(extract)).to("out");
  check(builder.build(),
        {{"millis a=1 @5", {"out a=1 @5"}}, {"millis a=2 @5", {"out a=2 @15"}}, {"seconds a=3 @5", {"out a=3 @1005"}}});
}

BOOST_AUTO_TEST_CASE(can_be_extracted_with_the_record_metadata_of_a_table) {
  StreamsBuilder builder;
  builder
      .table<S, S>("t", Consumed().with_timestamp_extractor(
                            [](const Record<N, N>&, Timestamp, const RecordMetadata& place) { return place.offset; }))
      .to_stream()
      .map_values([](const N& value) { return value.value_or("null"); })
      .to("out");
  check(builder.build(), {{"t a=1 @5", {"out a=1 @0"}}, {"t a=2 @5", {"out a=2 @1"}}});
}

struct Order {
  S item;
  std::int64_t time = 0;
  std::optional<S> day;
  std::optional<std::uint64_t> seen;
};

BOOST_AUTO_TEST_CASE(can_be_a_field_of_the_value) {
  StreamsBuilder builder;
  const auto item = [](const Order& order) { return order.item; };
  builder.stream<S, Order>("by-time", Consumed().with_timestamp(&Order::time)).map_values(item).to("out");
  builder.stream<S, Order>("by-seen", Consumed().with_timestamp(&Order::seen)).map_values(item).to("out");
  builder.stream<S, Order>("by-day", Consumed().with_timestamp(&Order::day, "yyyy-MM-dd", "+02:00"))
      .map_values(item)
      .to("out");
  builder.stream<S, Order>("by-function", Consumed().with_timestamp([](const Order& order) { return order.time / 2; }))
      .map_values(item)
      .to("out");
  Timeline timeline(builder.build());
  check(timeline, {{R"(by-time a={"item":"x","time":70} @1)", {"out a=x @70"}},
                   {R"(by-seen a={"item":"x","time":1,"seen":71} @1)", {"out a=x @71"}},
                   {R"(by-day a={"item":"x","time":1,"day":"1970-01-02"} @1)", {"out a=x @79200000"}},
                   {R"(by-function a={"item":"x","time":8} @1)", {"out a=x @4"}}});
  BOOST_TEST(drops(timeline.driver()) == "");
}

BOOST_AUTO_TEST_CASE(of_a_field_drop_a_record_that_has_none) {
  StreamsBuilder builder;
  builder.stream<S, Order>("by-time", Consumed().with_timestamp(&Order::time)).to("out");
  builder.stream<S, Order>("by-seen", Consumed().with_timestamp(&Order::seen)).to("out");
  builder.stream<S, Order>("by-day", Consumed().with_timestamp(&Order::day, "yyyy-MM-dd")).to("out");
  Timeline timeline(builder.build());
  check(timeline, {{R"(by-time a={"item":"x","time":-1} @1)", {}},
                   {R"(by-seen a={"item":"x","time":1} @1)", {}},
                   {R"(by-seen a={"item":"x","time":1,"seen":18446744073709551615} @1)", {}},
                   {R"(by-day a={"item":"x","time":1} @1)", {}}});
  BOOST_TEST(drops(timeline.driver()) == "negative-timestamp 4");
}

BOOST_AUTO_TEST_CASE(of_a_field_drop_a_record_whose_text_cannot_be_read) {
  StreamsBuilder builder;
  builder.stream<S, Order>("by-day", Consumed().with_timestamp(&Order::day, "yyyy-MM-dd")).to("out");
  Timeline timeline(builder.build());
  const CapturedStderr log;
  check(timeline, {{R"(by-day a={"item":"x","time":1,"day":"2.1.1970"} @1)", {}}});
  check_contains(log.text(), "the text '2.1.1970' does not fit the pattern 'yyyy-MM-dd'");
  check_contains(log.text(), "by-day-0 offset 0");
  BOOST_TEST(drops(timeline.driver()) == "negative-timestamp 1");
}

BOOST_AUTO_TEST_CASE(of_a_field_leave_deletions_of_a_table_their_own_time) {
  StreamsBuilder builder;
  builder.table<S, Order>("t", Consumed().with_timestamp(&Order::time)).map_values(&Order::item).to("out");
  check(builder.build(), {{R"(t a={"item":"x","time":70} @1)", {"out a=x @70"}}, {"t a=null @90", {"out a=null @90"}}});
}

BOOST_AUTO_TEST_CASE(of_a_field_need_a_right_pattern) {
  const auto error = error_of<StreamsException>([] { (void)Consumed().with_timestamp(&Order::day, "yyyy-QQ"); });
  check_contains(error, "timestamp pattern 'yyyy-QQ', position 5");
}

BOOST_AUTO_TEST_CASE(cannot_come_from_an_empty_function) {
  const std::function<Timestamp(const Record<S, S>&, Timestamp)> none;
  const std::function<Timestamp(const Record<S, S>&, Timestamp, const RecordMetadata&)> none_of_three;
  BOOST_TEST(!(TimestampExtractor<S, S>(none)));
  BOOST_TEST(!(TimestampExtractor<S, S>(none_of_three)));
  Timestamp (*const no_pointer)(const Record<S, S>&, Timestamp) = nullptr;
  BOOST_TEST(!(TimestampExtractor<S, S>(no_pointer)));
  BOOST_TEST(!(TimestampExtractor<S, S>(nullptr)));
  const TimestampExtractor<S, S> some = [](const Record<S, S>& record, Timestamp) { return record.timestamp + 1; };
  BOOST_TEST(some({"a", "1", 7, {}}, -1) == 8);
}

BOOST_AUTO_TEST_CASE(stop_the_application_if_their_extractor_throws) {
  const auto extract = [](const Record<S, S>&, Timestamp) -> Timestamp { throw std::runtime_error("no time in it"); };
  Timeline timeline(copy_topology(Consumed::as("prices").with_timestamp_extractor(extract)));
  const auto error = error_of<StreamsException>([&] { (void)timeline.feed("in a=1 @1"); });
  check_contains(error, "source 'prices'");
  check_contains(error, "in-0, offset 0");
  check_contains(error, "no time in it");
}

BOOST_AUTO_TEST_CASE(keep_the_extracted_time_through_a_repartition) {
  StreamsBuilder builder;
  builder.stream<S, S>("in", Consumed().with_timestamp_policy(TimestampPolicy::wallclock_time))
      .select_key([](const S& value) { return value; })
      .repartition()
      .to("out");
  Timeline timeline(builder.build(), default_extractor("WallclockTimestampExtractor"));
  check(timeline, {{"in a=1 @9", {"out 1=1 @1000000"}}});
}

BOOST_AUTO_TEST_CASE(decide_which_topic_is_processed_first) {
  // One input record is sent to two topics. Both records wait at the same time, and the one with the lower timestamp is
  // processed first.
  StreamsBuilder builder;
  builder.stream<S, S>("in").to("later");
  builder.stream<S, S>("in").map_values([](const S& v) { return v + "!"; }).to("sooner");
  const auto shift = [](std::int64_t ms) {
    return Consumed().with_timestamp_extractor([ms](const Record<S, S>& r, Timestamp) { return r.timestamp + ms; });
  };
  builder.stream<S, S>("later", shift(10)).to("out");
  builder.stream<S, S>("sooner", shift(5)).to("out");
  check(builder.build(), {{"in a=1 @0", {"later a=1 @0", "out a=1! @5", "out a=1 @10", "sooner a=1! @0"}}});
}

BOOST_AUTO_TEST_CASE(do_not_matter_when_two_streams_of_one_topic_are_merged) {
  StreamsBuilder builder;
  const auto one = builder.stream<S, S>("in");
  const auto other = builder.stream<S, S>("in");
  one.merge(other).to("out");
  check(builder.build(), {{"in a=1 @1", {"out a=1 @1"}}});
}

BOOST_AUTO_TEST_SUITE_END()
