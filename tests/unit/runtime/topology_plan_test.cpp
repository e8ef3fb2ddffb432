// SPDX-License-Identifier: Apache-2.0
// Which tasks and internal topics a topology needs, given the topics that exist.
#define BOOST_TEST_DYN_LINK
#include "runtime/plan/topology_plan.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

#include "unit/runtime/planned.hpp"

namespace millrace::detail {
namespace {

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

BOOST_AUTO_TEST_CASE(chooses_the_lead_topic_by_size_and_then_by_name) {
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

BOOST_AUTO_TEST_CASE(accepts_existing_internal_topics) {
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

BOOST_AUTO_TEST_CASE(excludes_internal_topics_from_patterns) {
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

BOOST_AUTO_TEST_CASE(refuses_two_patterns_of_one_sub_topology_on_one_topic) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(Pattern{"log-.*"}, Consumed::as("logs"))
      .merge(builder.stream<std::string, std::string>(Pattern{".*-errors"}, Consumed::as("errors")))
      .to("x");
  FakeAdmin admin({{"log-a", 1}, {"b-errors", 1}});
  (void)plan(builder.build(), admin);
  StreamsBuilder again;
  again.stream<std::string, std::string>(Pattern{"log-.*"}, Consumed::as("logs"))
      .merge(again.stream<std::string, std::string>(Pattern{".*-errors"}, Consumed::as("errors")))
      .to("x");
  admin.set_partitions("log-errors", 1);
  check_refused(again.build(), admin, {"'log-errors'", "'logs'", "'errors'", "narrow the pattern"});
}

// --- what the members of a group compare

BOOST_AUTO_TEST_CASE(has_equal_claims_for_the_same_lead_and_stores) {
  StreamsBuilder before;
  rekeyed(stream(before, "in")).group_by_key().count(Materialized::as("counts")).to_stream().to("out");
  StreamsBuilder after;
  // One more sub-topology, which shifts the ids, and one more input besides the lead topic.
  stream(after, "new").to("out");
  rekeyed(stream(after, "in").merge(stream(after, "more"))).group_by_key().count(Materialized::as("counts"));
  FakeAdmin admin({{"in", 5}, {"new", 1}, {"more", 2}});
  const auto old_plan = plan(before.build(), admin);
  const auto new_plan = plan(after.build(), admin);
  std::set<std::int64_t> old_claims;
  std::set<std::int64_t> new_claims;
  for (const auto& tasks : old_plan.tasks()) old_claims.insert(tasks.claim());
  for (const auto& tasks : new_plan.tasks()) new_claims.insert(tasks.claim());
  BOOST_CHECK_EQUAL(old_claims.size(), 2U);
  BOOST_CHECK_EQUAL(new_claims.size(), 3U);
  BOOST_CHECK(std::ranges::includes(new_claims, old_claims));
  BOOST_CHECK_NE(old_plan.fingerprint(), new_plan.fingerprint());
}

BOOST_AUTO_TEST_CASE(has_other_claims_for_another_lead_or_other_stores) {
  const auto claim = [](const std::string& topic, const std::string& store) {
    StreamsBuilder builder;
    stream(builder, topic).group_by_key().count(Materialized::as(store));
    FakeAdmin admin({{"a", 1}, {"b", 1}});
    return plan(builder.build(), admin).tasks()[0].claim();
  };
  BOOST_CHECK_EQUAL(claim("a", "x"), claim("a", "x"));
  BOOST_CHECK_NE(claim("a", "x"), claim("b", "x"));
  BOOST_CHECK_NE(claim("a", "x"), claim("a", "y"));
}

BOOST_AUTO_TEST_CASE(has_the_same_claim_and_fingerprint_in_every_version) {
  StreamsBuilder builder;
  stream(builder, "orders").group_by_key().count(Materialized::as("counts"));
  FakeAdmin admin({{"orders", 2}});
  const auto made = plan(builder.build(), admin);
  // If these numbers change, members of this version and of earlier ones wait for each other.
  BOOST_CHECK_EQUAL(made.tasks()[0].claim(), -7229015428839592040);
  BOOST_CHECK_EQUAL(made.fingerprint(), 15206755488038397914U);
}

BOOST_AUTO_TEST_CASE(has_another_fingerprint_with_other_topics_or_partitions) {
  StreamsBuilder builder;
  stream(builder, "in").merge(stream(builder, "other")).to("out");
  const Topology topology = builder.build();
  const auto fingerprint = [&](std::int32_t in, std::int32_t other) {
    FakeAdmin admin({{"in", in}, {"other", other}});
    return plan(topology, admin).fingerprint();
  };
  BOOST_CHECK_EQUAL(fingerprint(3, 2), fingerprint(3, 2));
  BOOST_CHECK_NE(fingerprint(3, 2), fingerprint(3, 1));
  BOOST_CHECK_NE(fingerprint(3, 2), fingerprint(4, 2));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
