// SPDX-License-Identifier: Apache-2.0
// The partition counts of internal topics where streams and tables are joined.
#define BOOST_TEST_DYN_LINK
#include "runtime/plan/partition_counts.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "millrace/dsl/kgrouped_table.hpp"
#include "millrace/dsl/ktable.hpp"
#include "unit/runtime/planned.hpp"

namespace millrace::detail {
namespace {

BOOST_AUTO_TEST_SUITE(PartitionCountsSuite)

BOOST_AUTO_TEST_CASE(gives_a_repartition_topic_the_partitions_of_its_join_partner) {
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
  check_refused(builder.build(), admin,
                {"'alerts' (2 partitions)", "'variations' (3)", "'KSTREAM-MERGE-0000000006'", ".repartition()"});
}

BOOST_AUTO_TEST_CASE(refuses_a_number_of_partitions_that_does_not_fit_the_join) {
  StreamsBuilder builder;
  join(stream(builder, "in").repartition(Repartitioned::as("r").with_number_of_partitions(4)), stream(builder, "other"),
       "out");
  FakeAdmin admin({{"in", 4}, {"other", 3}});
  check_refused(builder.build(), admin, {"'other' (3 partitions)", "'r-repartition' (4)"});
}

BOOST_AUTO_TEST_CASE(merges_copartition_groups_that_share_a_topic) {
  // Joins without names share the repartition topic of the re-keyed stream.
  StreamsBuilder builder;
  const auto shared = rekeyed(stream(builder, "in"));
  join(shared, stream(builder, "a"), "x");
  join(shared, stream(builder, "b"), "y");
  const Topology topology = builder.build();
  FakeAdmin same({{"in", 5}, {"a", 3}, {"b", 3}});
  const auto made = plan(topology, same);
  BOOST_CHECK_EQUAL(made.repartition_topics().size(), 1U);
  for (const auto& [topic, partitions] : created(same)) BOOST_CHECK_EQUAL(partitions, 3);
  FakeAdmin other({{"in", 5}, {"a", 2}, {"b", 3}});
  check_refused(topology, other, {"'a' (2 partitions)", "'b' (3)", "'KSTREAM-MERGE-"});
}

BOOST_AUTO_TEST_CASE(merges_copartition_groups_through_a_third_one) {
  StreamsBuilder builder;
  const auto left = rekeyed(stream(builder, "l")).repartition(Repartitioned::as("left"));
  const auto right = rekeyed(stream(builder, "r")).repartition(Repartitioned::as("right"));
  join(left, stream(builder, "a"), "x");
  join(right, stream(builder, "b"), "y");
  join(left, right, "z");
  const Topology topology = builder.build();
  FakeAdmin same({{"l", 1}, {"r", 2}, {"a", 4}, {"b", 4}});
  (void)plan(topology, same);
  BOOST_CHECK_EQUAL(created(same).at("app-left-repartition"), 4);
  BOOST_CHECK_EQUAL(created(same).at("app-right-repartition"), 4);
  FakeAdmin other({{"l", 1}, {"r", 2}, {"a", 4}, {"b", 5}});
  check_refused(topology, other, {"'a' (4 partitions)", "'b' (5)"});
}

BOOST_AUTO_TEST_CASE(counts_the_topics_that_match_a_pattern) {
  StreamsBuilder builder;
  join(rekeyed(stream(builder, "in")), builder.stream<std::string, std::string>(Pattern{"log-.*"}), "out");
  const Topology topology = builder.build();
  FakeAdmin same({{"in", 2}, {"log-a", 3}, {"log-b", 3}});
  (void)plan(topology, same);
  for (const auto& [topic, partitions] : created(same)) BOOST_CHECK_EQUAL(partitions, 3);
  FakeAdmin other({{"in", 2}, {"log-a", 3}, {"log-b", 4}});
  check_refused(topology, other, {"'log-a' (3 partitions)", "'log-b' (4)"});
}

BOOST_AUTO_TEST_CASE(resolves_a_stream_joined_with_its_own_repartitioning) {
  StreamsBuilder builder;
  const auto in = stream(builder, "in");
  join(in, rekeyed(in), "out");
  join(in, in.repartition(Repartitioned::as("own")), "other");
  FakeAdmin admin({{"in", 3}});
  (void)plan(builder.build(), admin);
  BOOST_CHECK_GE(admin.created.size(), 4U);
  for (const NewTopic& topic : admin.created) BOOST_CHECK_EQUAL(topic.partitions, 3);
}

BOOST_AUTO_TEST_CASE(resolves_a_table_joined_with_its_own_aggregation) {
  StreamsBuilder builder;
  const auto table = builder.table<std::string, std::string>("in");
  const auto counts = table
                          .group_by([](const std::string& key, const std::string& value) {
                            return std::pair<std::string, std::string>(value, key);
                          })
                          .count(Materialized::as("counts"));
  table.join(counts, [](const std::string& value, std::int64_t count) { return value + std::to_string(count); })
      .to_stream()
      .to("out");
  FakeAdmin admin({{"in", 4}});
  (void)plan(builder.build(), admin);
  BOOST_CHECK_EQUAL(created(admin).at("app-counts-repartition"), 4);
  BOOST_CHECK_EQUAL(created(admin).at("app-counts-changelog"), 4);
}

/// Joins two tables, of topics "left" and "right", by a foreign key: the value of the left table.
Topology with_foreign_key() {
  StreamsBuilder builder;
  const auto left = builder.table<std::string, std::string>("left");
  const auto right = builder.table<std::string, std::string>("right");
  left.join(
          right, [](const std::string& value) { return value; },
          [](const std::string& l, const std::string& r) { return l + r; }, TableJoined::as("fk"))
      .to_stream()
      .to("out");
  return builder.build();
}

BOOST_AUTO_TEST_CASE(gives_foreign_key_topics_the_count_of_the_table_they_reach) {
  FakeAdmin admin({{"left", 3}, {"right", 5}});
  (void)plan(with_foreign_key(), admin);
  const auto topics = created(admin);
  BOOST_CHECK_EQUAL(topics.at("app-fk-subscription-registration-topic"), 5);
  BOOST_CHECK_EQUAL(topics.at("app-fk-subscription-response-topic"), 3);
  BOOST_CHECK_EQUAL(topics.at("app-fk-subscription-store-changelog"), 5);
}

BOOST_AUTO_TEST_CASE(excludes_foreign_key_topics_from_patterns) {
  StreamsBuilder builder;
  const auto left = builder.table<std::string, std::string>("left");
  left.join(
          builder.table<std::string, std::string>("right"), [](const std::string& value) { return value; },
          [](const std::string& l, const std::string& r) { return l + r; }, TableJoined::as("fk"))
      .to_stream()
      .to("out");
  builder.stream<std::string, std::string>(Pattern{"app-.*"}, Consumed::as("apps")).to("copy");
  const Topology topology = builder.build();
  FakeAdmin admin({{"left", 1}, {"right", 1}, {"app-x", 1}});
  (void)plan(topology, admin);
  const auto again = plan(topology, admin);  // now that they exist
  const auto& tasks =
      *std::ranges::find_if(again.tasks(), [](const auto& entry) { return entry.topics.contains("app-x"); });
  BOOST_CHECK((tasks.topics == std::map<std::string, std::int32_t>{{"app-x", 1}}));
}

BOOST_AUTO_TEST_CASE(checks_the_source_of_a_second_aggregation_of_one_grouping) {
  StreamsBuilder builder;
  const auto grouped = builder.table<std::string, std::string>("in").group_by(
      [](const std::string& key, const std::string& value) { return std::pair<std::string, std::string>(value, key); },
      Grouped::as("shared"));
  (void)grouped.count(Materialized::as("first"));
  const auto second = grouped.count(Materialized::as("second"));
  second
      .join(builder.table<std::string, std::string>("other"),
            [](std::int64_t count, const std::string& value) { return value + std::to_string(count); })
      .to_stream()
      .to("out");
  FakeAdmin admin({{"in", 2}, {"other", 3}});
  (void)plan(builder.build(), admin);
  BOOST_CHECK_EQUAL(created(admin).at("app-shared-repartition"), 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
