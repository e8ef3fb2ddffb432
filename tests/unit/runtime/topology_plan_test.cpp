#define BOOST_TEST_DYN_LINK
#include "runtime/topology_plan.hpp"

#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "unit/runtime/fake_admin.hpp"

namespace millrace::detail {
namespace {

using Stream = KStream<std::string, std::string>;

Stream stream(StreamsBuilder& builder, const std::string& topic) {
  return builder.stream<std::string, std::string>(topic);
}
Stream rekeyed(const Stream& stream) {
  return stream.select_key([](const std::string&, const std::string& value) { return value; });
}
void join(const Stream& left, const Stream& right, const std::string& to) {
  left.join(
          right, [](const std::string& l, const std::string& r) { return l + r; },
          JoinWindows::of_time_difference_and_grace(1s, 1s))
      .to(to);
}

TopologyPlan plan(const Topology& topology, FakeAdmin& admin) {
  StreamsConfig config;
  config.set("application.id", "app");
  return plan_topology(topology.internal(), "app", config, admin, Millis(0));
}

std::map<std::string, std::int32_t> created(const FakeAdmin& admin) {
  std::map<std::string, std::int32_t> topics;
  for (const NewTopic& topic : admin.created) topics[topic.name] = topic.partitions;
  return topics;
}

/// Expects a TopologyException whose text has all these words.
void check_refused(const Topology& topology, FakeAdmin& admin, const std::vector<std::string>& words) {
  try {
    (void)plan(topology, admin);
    BOOST_ERROR("was not refused");
  } catch (const TopologyException& error) {
    const std::string text = error.what();
    for (const std::string& word : words) {
      BOOST_CHECK_MESSAGE(text.find(word) != std::string::npos, "no '" << word << "' in: " << text);
    }
  }
}

BOOST_AUTO_TEST_SUITE(TopologyPlanSuite)

BOOST_AUTO_TEST_CASE(makes_a_task_of_each_partition) {
  StreamsBuilder builder;
  stream(builder, "in").to("out");
  FakeAdmin admin({{"in", 3}, {"out", 1}});
  const auto made = plan(builder.build(), admin);
  BOOST_REQUIRE_EQUAL(made.tasks().size(), 1U);
  BOOST_CHECK_EQUAL(made.tasks()[0].count, 3);
  BOOST_CHECK_EQUAL(made.lead_topics().at(0), "in");
  BOOST_CHECK((made.task_for({"in", 2}) == TaskId{0, 2}));
  BOOST_CHECK(admin.created.empty());
}

BOOST_AUTO_TEST_CASE(does_not_know_partitions_that_came_later) {
  StreamsBuilder builder;
  stream(builder, "in").to("out");
  FakeAdmin admin({{"in", 3}});
  const auto made = plan(builder.build(), admin);
  BOOST_CHECK(!made.task_for({"in", 3}));
  BOOST_CHECK(!made.task_for({"other", 0}));
}

BOOST_AUTO_TEST_CASE(leads_with_the_largest_topic_and_then_by_name) {
  StreamsBuilder builder;
  stream(builder, "a").merge(stream(builder, "c")).merge(stream(builder, "b")).to("out");
  FakeAdmin admin({{"a", 2}, {"b", 4}, {"c", 4}});
  const auto made = plan(builder.build(), admin);
  BOOST_CHECK_EQUAL(made.lead_topics().at(0), "b");
  const std::vector<TopicPartition> all{{"a", 1}, {"b", 1}, {"c", 1}};
  BOOST_CHECK((made.inputs_of({0, 1}) == all));
  const std::vector<TopicPartition> some{{"b", 3}, {"c", 3}};
  BOOST_CHECK((made.inputs_of({0, 3}) == some));
}

BOOST_AUTO_TEST_CASE(names_a_missing_source_topic) {
  StreamsBuilder builder;
  stream(builder, "prices").to("out");
  FakeAdmin admin;
  check_refused(builder.build(), admin, {"'prices'", "does not exist", "create it"});
}

BOOST_AUTO_TEST_CASE(makes_repartition_and_changelog_topics) {
  StreamsBuilder builder;
  rekeyed(stream(builder, "in")).group_by_key().count(Materialized::as("counts")).to_stream().to("out");
  FakeAdmin admin({{"in", 5}});
  const auto made = plan(builder.build(), admin);
  const std::map<std::string, std::int32_t> expected{{"app-counts-repartition", 5}, {"app-counts-changelog", 5}};
  BOOST_CHECK(created(admin) == expected);
  BOOST_CHECK_EQUAL(made.tasks().size(), 2U);
  BOOST_CHECK((made.repartition_topics() == std::set<std::string>{"app-counts-repartition"}));
}

BOOST_AUTO_TEST_CASE(gives_a_repartition_topic_the_partitions_of_its_largest_input) {
  StreamsBuilder builder;
  rekeyed(stream(builder, "a").merge(stream(builder, "b"))).group_by_key().count(Materialized::as("c"));
  FakeAdmin admin({{"a", 2}, {"b", 7}});
  (void)plan(builder.build(), admin);
  BOOST_CHECK_EQUAL(created(admin).at("app-c-repartition"), 7);
}

BOOST_AUTO_TEST_CASE(passes_partition_counts_down_a_chain) {
  StreamsBuilder builder;
  rekeyed(stream(builder, "in").repartition(Repartitioned::as("first").with_number_of_partitions(6)))
      .repartition(Repartitioned::as("second"))
      .to("out");
  FakeAdmin admin({{"in", 2}});
  (void)plan(builder.build(), admin);
  const std::map<std::string, std::int32_t> expected{{"app-first-repartition", 6}, {"app-second-repartition", 6}};
  BOOST_CHECK(created(admin) == expected);
}

BOOST_AUTO_TEST_CASE(gives_a_repartition_topic_the_partitions_of_what_it_is_joined_with) {
  StreamsBuilder builder;
  join(rekeyed(stream(builder, "few")), stream(builder, "many"), "out");
  FakeAdmin admin({{"few", 2}, {"many", 8}});
  (void)plan(builder.build(), admin);
  for (const NewTopic& topic : admin.created) BOOST_CHECK_EQUAL(topic.partitions, 8);
  BOOST_CHECK_EQUAL(admin.created.size(), 3U);  // one repartition, two stores
}

BOOST_AUTO_TEST_CASE(gives_joined_repartition_topics_the_larger_number) {
  StreamsBuilder builder;
  join(rekeyed(stream(builder, "few")), rekeyed(stream(builder, "many")), "out");
  FakeAdmin admin({{"few", 2}, {"many", 8}});
  (void)plan(builder.build(), admin);
  for (const NewTopic& topic : admin.created) BOOST_CHECK_EQUAL(topic.partitions, 8);
}

BOOST_AUTO_TEST_CASE(refuses_a_join_of_topics_with_unequal_partitions) {
  StreamsBuilder builder;
  join(stream(builder, "alerts"), stream(builder, "variations"), "out");
  FakeAdmin admin({{"alerts", 2}, {"variations", 3}});
  check_refused(builder.build(), admin, {"'alerts' (2 partitions)", "'variations' (3)", ".repartition()"});
}

BOOST_AUTO_TEST_CASE(refuses_a_number_of_partitions_that_does_not_fit_the_join) {
  StreamsBuilder builder;
  join(stream(builder, "in").repartition(Repartitioned::as("r").with_number_of_partitions(4)), stream(builder, "other"),
       "out");
  FakeAdmin admin({{"in", 4}, {"other", 3}});
  check_refused(builder.build(), admin, {"'other' (3 partitions)", "'r-repartition' (4)"});
}

BOOST_AUTO_TEST_CASE(takes_internal_topics_as_they_are) {
  StreamsBuilder builder;
  rekeyed(stream(builder, "in")).group_by_key().count(Materialized::as("counts"));
  FakeAdmin admin({{"in", 2}, {"app-counts-repartition", 2}, {"app-counts-changelog", 2}});
  (void)plan(builder.build(), admin);
  BOOST_CHECK(admin.created.empty());
}

BOOST_AUTO_TEST_CASE(refuses_an_internal_topic_with_another_number_of_partitions) {
  StreamsBuilder builder;
  stream(builder, "in").group_by_key().count(Materialized::as("counts"));
  FakeAdmin admin({{"in", 3}, {"app-counts-changelog", 2}});
  check_refused(builder.build(), admin, {"'app-counts-changelog'", "2 partitions", "needs 3", "application.id"});
}

BOOST_AUTO_TEST_CASE(makes_no_changelog_for_a_store_without_logging) {
  StreamsBuilder builder;
  stream(builder, "in").group_by_key().count(Materialized::as("counts").with_logging_disabled());
  FakeAdmin admin({{"in", 3}});
  (void)plan(builder.build(), admin);
  BOOST_CHECK(admin.created.empty());
}

BOOST_AUTO_TEST_CASE(reads_the_topics_that_match_a_pattern_but_not_the_brokers_or_its_own) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(Pattern{".*"}).group_by_key().count(Materialized::as("counts"));
  FakeAdmin admin({{"b", 1}, {"a", 2}, {"__consumer_offsets", 50}, {"app-counts-changelog", 2}, {"app-x", 1}});
  const auto made = plan(builder.build(), admin);
  const std::map<std::string, std::int32_t> expected{{"a", 2}, {"app-x", 1}, {"b", 1}};
  BOOST_CHECK((made.tasks()[0].topics == expected));
  BOOST_CHECK_EQUAL(made.lead_topics().at(0), "a");
}

BOOST_AUTO_TEST_CASE(differs_when_a_matching_topic_comes) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(Pattern{"log-.*"}).to("out");
  const Topology topology = builder.build();
  FakeAdmin admin({{"log-a", 2}});
  const auto before = plan(topology, admin);
  admin.set_partitions("other", 2);
  BOOST_CHECK(plan(topology, admin) == before);
  admin.set_partitions("log-b", 2);
  BOOST_CHECK(!(plan(topology, admin) == before));
}

BOOST_AUTO_TEST_CASE(names_a_pattern_without_topics) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(Pattern{"log-.*"}).to("out");
  FakeAdmin admin({{"in", 2}});
  check_refused(builder.build(), admin, {"'log-.*'"});
}

BOOST_AUTO_TEST_CASE(refuses_two_sub_topologies_on_one_topic) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(Pattern{"log-.*"}).to("x");
  builder.stream<std::string, std::string>(Pattern{".*-errors"}).to("y");
  FakeAdmin admin({{"log-a", 1}, {"b-errors", 1}, {"log-errors", 1}});
  check_refused(builder.build(), admin, {"'log-errors'", "narrow the pattern"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
