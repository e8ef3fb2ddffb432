// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/testing/topology_test_driver.hpp"

#include <boost/test/unit_test.hpp>

#include "millrace/millrace.hpp"
#include "support/captured_stderr.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using S = std::string;
using N = std::optional<S>;
constexpr Timestamp kNow = 1'000'000;

Topology copy_in_to_out() {
  StreamsBuilder builder;
  builder.stream<N, N>("in").to("out");
  return builder.build();
}

/// A driver whose topology copies `in` to `out`. Its wall clock starts at kNow.
struct Fixture {
  TopologyTestDriver driver{copy_in_to_out(), {}, kNow};
  TestInputTopic<N, N> in = driver.create_input_topic<N, N>("in");
  TestOutputTopic<N, N> out = driver.create_output_topic<N, N>("out");
};

template <class Exception, class F>
S error_of(F action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.what();
  }
  return {};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(TestDriver, Fixture)

BOOST_AUTO_TEST_CASE(says_why_records_wait) {
  StreamsBuilder builder;
  const auto joined = builder.stream<S, S>("left").join(
      builder.stream<S, S>("right"), [](const S& l, const S& r) { return l + r; },
      JoinWindows::of_time_difference_with_no_grace(1min));
  joined.to("joined");
  TopologyTestDriver idle(builder.build(), StreamsConfig::like_ksqldb(), kNow);
  auto left = idle.create_input_topic<S, S>("left");
  auto right = idle.create_input_topic<S, S>("right");
  auto results = idle.create_output_topic<S, S>("joined");
  const CapturedStderr log;
  left.pipe_input("k", "a", 1);
  BOOST_TEST(log.text().find("records wait because of max.task.idle.ms=500: advance_wall_clock_time()") != S::npos,
             log.text());
  right.pipe_input("k", "b", 1);
  idle.advance_wall_clock_time(500ms);
  BOOST_TEST(results.read_value() == "ab");
}

BOOST_AUTO_TEST_CASE(refuses_an_external_topic_that_matches_two_patterns) {
  const auto add_patterns = [](Topology& topology) {
    topology.add_source_pattern<N, N>("orders", "orders-.*").add_sink<N, N>("a", "out", {"orders"});
    topology.add_source_pattern<N, N>("counts", ".*-counts.*").add_sink<N, N>("b", "out", {"counts"});
  };
  Topology topology;
  add_patterns(topology);
  TopologyTestDriver two(topology);
  auto both = two.create_input_topic<N, N>("orders-counts");
  const auto error = error_of<TopologyException>([&] { both.pipe_input("a", "1"); });
  BOOST_TEST(error ==
             "topic 'orders-counts' matches the patterns of the sources 'orders' and 'counts': narrow one of them");

  StreamsBuilder builder;
  builder.stream<S, S>("in").repartition(Repartitioned::as("counts")).to("out");
  Topology own = builder.build();
  add_patterns(own);
  TopologyTestDriver one(own, StreamsConfig().set("application.id", "orders"));
  one.create_input_topic<S, S>("in").pipe_input("a", "1");
  BOOST_TEST((one.create_output_topic<N, N>("out").queue_size() == 1U));
}

BOOST_AUTO_TEST_CASE(returns_key_value_time_and_headers_of_a_record) {
  const Record<N, N> record{"a", "1", 7, {{"h", "x"}, {"h", {}}}};
  in.pipe_input(record);
  BOOST_TEST((out.read_record() == record));
}

BOOST_AUTO_TEST_CASE(uses_the_clock_at_topic_creation_for_records_without_a_time) {
  in.pipe_input("a", "1");
  driver.advance_wall_clock_time(5ms);
  in.pipe_input("a", "2");
  in.advance_time(3ms);
  in.pipe_input("a", "3");
  auto later = driver.create_input_topic<N, N>("in");
  later.pipe_input("a", "4");
  for (const Timestamp expected : {kNow, kNow, kNow + 3, kNow + 5}) BOOST_TEST(out.read_record().timestamp == expected);
}

BOOST_AUTO_TEST_CASE(advances_the_time_of_records_without_one) {
  auto ticking = driver.create_input_topic<N, N>("in", Serde<N>(), Serde<N>(), 100, 10ms);
  ticking.pipe_key_value_list({{"a", "1"}, {"b", "2"}});
  ticking.pipe_input("c", "3", 7);  // has its own timestamp
  ticking.pipe_value_list({"4", "5"});
  const auto records = out.read_records_to_list();
  std::vector<Timestamp> times;
  for (const auto& record : records) times.push_back(record.timestamp);
  BOOST_TEST(times == (std::vector<Timestamp>{100, 110, 7, 120, 130}), boost::test_tools::per_element());
  BOOST_TEST((!records[3].key && records[3].value == "4"));
}

BOOST_AUTO_TEST_CASE(takes_several_records_at_once) {
  in.pipe_record_list({{"a", "1", 1, {}}, {{}, "2", 2, {}}});
  in.pipe_input("3");
  BOOST_TEST(out.queue_size() == 3U);
  BOOST_TEST((out.read_key_value() == KeyValue<N, N>{"a", "1"}));
  BOOST_TEST((out.read_value() == "2"));
  BOOST_TEST(!out.is_empty());
  BOOST_TEST((out.read_values_to_list() == std::vector<N>{"3"}));
  BOOST_TEST(out.is_empty());
}

BOOST_AUTO_TEST_CASE(uses_start_time_and_advance_for_records_without_a_time_in_a_list) {
  auto timed = driver.create_input_topic<N, N>("in", Serde<N>(), Serde<N>(), 50, 7ms);
  timed.pipe_record_list({{"a", "1", kNoTimestamp, {{"h", "x"}}}, {"a", "2", 3, {}}, {"a", "3", kNoTimestamp, {}}});
  const auto first = out.read_record();
  BOOST_TEST(first.timestamp == 50);
  BOOST_TEST((first.headers == Headers{{"h", "x"}}));
  BOOST_TEST(out.read_record().timestamp == 3);
  BOOST_TEST(out.read_record().timestamp == 57);
}

BOOST_AUTO_TEST_CASE(pipes_lists_with_a_start_time_and_an_advance) {
  const auto times = [&] {
    std::vector<Timestamp> read;
    while (!out.is_empty()) read.push_back(out.read_record().timestamp);
    return read;
  };
  in.pipe_key_value_list({{"a", "1"}, {"b", "2"}}, 10, 5ms);
  BOOST_TEST(times() == (std::vector<Timestamp>{10, 15}), boost::test_tools::per_element());
  in.pipe_value_list({"1", "2"}, 20, 2ms);
  BOOST_TEST(times() == (std::vector<Timestamp>{20, 22}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(pipes_values_with_a_time_if_there_are_no_keys) {
  StreamsBuilder builder;
  builder.stream<Unkeyed, S>("in").to("out");
  TopologyTestDriver unkeyed(builder.build());
  unkeyed.create_input_topic<Unkeyed, S>("in").pipe_input("1", 7);
  BOOST_TEST((unkeyed.create_output_topic<Unkeyed, S>("out").read_record().timestamp == 7));
}

BOOST_AUTO_TEST_CASE(reads_the_last_value_of_each_key) {
  in.pipe_key_value_list({{"a", "1"}, {"b", "2"}, {"a", "3"}});
  BOOST_TEST((out.read_key_values_to_map() == std::map<N, N>{{"a", "3"}, {"b", "2"}}));
}

BOOST_AUTO_TEST_CASE(says_that_there_is_no_output) {
  BOOST_TEST(error_of<StreamsException>([&] { (void)out.read_value(); }) == "topic 'out' has no further output");
}

BOOST_AUTO_TEST_CASE(says_that_a_topic_is_not_read) {
  auto other = driver.create_input_topic<N, N>("other");
  BOOST_TEST(error_of<TopologyException>([&] { other.pipe_input("a", "1"); }) ==
             "the topology does not read topic 'other'");
}

BOOST_AUTO_TEST_CASE(names_the_topics_that_were_written) {
  BOOST_TEST(driver.produced_topic_names().empty());
  in.pipe_input("a", "1");
  BOOST_TEST((driver.produced_topic_names() == std::set<S>{"out"}));
  (void)out.read_value();
  BOOST_TEST((driver.produced_topic_names() == std::set<S>{"out"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(TestDriverStores)

BOOST_AUTO_TEST_CASE(can_be_filled_and_read_by_a_test) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").group_by_key().count(Materialized::as("counts"));
  TopologyTestDriver driver(builder.build());
  auto& counts = driver.get_timestamped_key_value_store<S, std::int64_t>("counts");
  counts.put("a", {41, 5});
  driver.create_input_topic<S, S>("in").pipe_input("a", "x", 3);
  BOOST_TEST((counts.get("a") == ValueAndTimestamp<std::int64_t>{42, 5}));
  BOOST_TEST((driver.get_all_state_store_names() == std::vector<S>{"counts"}));
}

BOOST_AUTO_TEST_CASE(must_be_asked_for_by_their_own_type) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").group_by_key().count(Materialized::as("counts"));
  TopologyTestDriver driver(builder.build());
  const S expected =
      "state store 'counts' is a TimestampedKeyValueStore<std::string, long>: read it with "
      "get_timestamped_key_value_store<std::string, long>(\"counts\")";
  BOOST_TEST(error_of<TopologyException>([&] { (void)driver.get_window_store<S, S>("counts"); }) == expected);
  BOOST_TEST(error_of<TopologyException>([&] { (void)driver.get_key_value_store<S, std::int64_t>("counts"); }) ==
             expected);
}

BOOST_AUTO_TEST_CASE(of_every_kind_name_their_getter) {
  StreamsBuilder builder;
  const auto by_key = builder.stream<S, S>("in").group_by_key();
  by_key.windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(Millis(5))).count(Materialized::as("sessions"));
  by_key.windowed_by(TimeWindows::of_size_with_no_grace(Millis(5))).count(Materialized::as("windows"));
  builder.table<S, S>("table", Materialized::as_versioned("versions", Millis(9)));
  TopologyTestDriver driver(builder.build());
  const auto check_getter = [&](const S& store, const S& getter) {
    const S text = error_of<TopologyException>([&] { (void)driver.get_key_value_store<S, S>(store); });
    BOOST_TEST(text.ends_with("read it with " + getter + "(\"" + store + "\")"), text);
  };
  check_getter("sessions", "get_session_store<std::string, long>");
  check_getter("windows", "get_timestamped_window_store<std::string, long>");
  check_getter("versions", "get_versioned_key_value_store<std::string, std::string>");
}

BOOST_AUTO_TEST_CASE(that_do_not_exist_are_refused_with_the_names_of_the_others) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").group_by_key().count(Materialized::as("counts"));
  builder.table<S, S>("table", Materialized::as("rows"));
  TopologyTestDriver driver(builder.build());
  BOOST_TEST(error_of<TopologyException>([&] { (void)driver.get_window_store<S, S>("count"); }) ==
             "the topology has no state store 'count'. It has 'counts', 'rows': did you mean 'counts'?");
  StreamsBuilder stateless;
  stateless.stream<S, S>("in").to("out");
  TopologyTestDriver without(stateless.build());
  BOOST_TEST(error_of<TopologyException>([&] { (void)without.get_window_store<S, S>("count"); }) ==
             "the topology has no state store 'count', and no other state store");
}

BOOST_AUTO_TEST_CASE(and_topics_that_are_read_as_another_type_are_refused_with_the_right_one) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").group_by_key().count().to_stream().to("out");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<S, S>("in").pipe_input("a", "x", 3);
  auto out = driver.create_output_topic<S, std::int32_t>("out");
  const S text = error_of<SerializationException>([&] { (void)out.read_record(); });
  BOOST_TEST(text.starts_with("topic 'out': Integer: expected 4 bytes, found 8"), text);
  BOOST_TEST(text.ends_with("The topology writes this topic as <std::string, std::optional<long>>: read it with "
                            "create_output_topic<std::string, std::optional<long>>(\"out\"), or with the serdes that "
                            "the sink has"),
             text);
}

BOOST_AUTO_TEST_CASE(write_changelogs_named_after_the_application) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").group_by_key().count(Materialized::as("counts"));
  const auto topology = builder.build();
  TopologyTestDriver unnamed(topology);
  TopologyTestDriver named(topology, StreamsConfig().set("application.id", "shop"));
  for (auto* driver : {&unnamed, &named}) driver->create_input_topic<S, S>("in").pipe_input("a", "x", 3);
  BOOST_TEST((unnamed.produced_topic_names() == std::set<S>{"topology-test-driver-counts-changelog"}));
  BOOST_TEST((named.produced_topic_names() == std::set<S>{"shop-counts-changelog"}));
  auto changelog = named.create_output_topic<S, std::int64_t>("shop-counts-changelog");
  BOOST_TEST((changelog.read_record() == Record<S, std::int64_t>{"a", 1, 3, {}}));
}

BOOST_AUTO_TEST_SUITE_END()
