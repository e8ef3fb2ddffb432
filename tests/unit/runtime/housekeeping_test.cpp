// SPDX-License-Identifier: Apache-2.0
// What the housekeeping thread does: it purges repartition topics and looks for new topics and partitions.
#define BOOST_TEST_DYN_LINK
#include "runtime/housekeeping.hpp"

#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "unit/runtime/fake_admin.hpp"
#include "unit/runtime/fake_producer.hpp"

namespace millrace::detail {
namespace {

/// A clock that always shows 0. Housekeeping gets the time as an argument.
struct StoppedClock final : Clock {
  [[nodiscard]] Timestamp now() const override { return 0; }
  [[nodiscard]] Timestamp monotonic_ms() const override { return 0; }
};

Topology topology() {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(Pattern{"in-.*"})
      .select_key([](const std::string&, const std::string& value) { return value; })
      .repartition(Repartitioned::as("r").with_number_of_partitions(2))
      .to("out");
  return builder.build();
}

/// Housekeeping with a fake broker that has a topic `in-a` of two partitions. `plan` is the current plan. `committed`
/// are the offsets that this instance has committed.
struct Fixture {
  FakeAdmin admin{{{"in-a", 2}}};
  ProducerOnlyBroker broker;
  StreamsConfig config;
  StoppedClock clock;
  Topology topology = detail::topology();
  std::map<TopicPartition, std::int64_t> committed;
  std::shared_ptr<const TopologyPlan> plan;
  std::optional<ThreadEnvironment> environment;
  std::optional<Housekeeping> house;

  Fixture() {
    config.set("application.id", "app").set("repartition.purge.interval.ms", "1000").set("metadata.max.age.ms", "5000");
    plan = std::make_shared<const TopologyPlan>(plan_topology(topology.internal(), "app", config, admin, Millis(0)));
    environment.emplace(ThreadEnvironment{.task = {.topology = topology.internal(),
                                                   .application_id = "app",
                                                   .config = config,
                                                   .clock = clock,
                                                   .errors = {},
                                                   .emit_interval_ms = 0,
                                                   .default_timestamps = TimestampPolicy::fail_on_invalid},
                                          .broker = broker,
                                          .admin = admin,
                                          .state_directory = nullptr,
                                          .restore_progress = {},
                                          .plan = [this] { return plan; },
                                          .replan = [] {},
                                          .committed = {}});
    house.emplace(
        *environment, [this] { return committed; },
        [this](std::shared_ptr<const TopologyPlan> fresh) { plan = std::move(fresh); });
  }
};

using Offsets = std::map<TopicPartition, std::int64_t>;

BOOST_FIXTURE_TEST_SUITE(HousekeepingSuite, Fixture)

BOOST_AUTO_TEST_CASE(deletes_what_was_processed_of_repartition_topics_only) {
  committed = {{{"in-a", 0}, 10}, {{"app-r-repartition", 1}, 20}};
  house->run_due(999, false);
  BOOST_CHECK(admin.deleted.empty());
  house->run_due(1000, false);
  BOOST_REQUIRE_EQUAL(admin.deleted.size(), 1U);
  BOOST_CHECK((admin.deleted[0] == Offsets{{{"app-r-repartition", 1}, 20}}));
}

BOOST_AUTO_TEST_CASE(deletes_nothing_twice) {
  committed = {{{"app-r-repartition", 0}, 5}, {{"app-r-repartition", 1}, 20}};
  house->run_due(1000, false);
  house->run_due(2000, false);
  BOOST_CHECK_EQUAL(admin.deleted.size(), 1U);
  committed[{"app-r-repartition", 0}] = 6;
  house->run_due(3000, false);
  BOOST_REQUIRE_EQUAL(admin.deleted.size(), 2U);
  BOOST_CHECK((admin.deleted[1] == Offsets{{{"app-r-repartition", 0}, 6}}));
}

BOOST_AUTO_TEST_CASE(finds_topics_that_come_later) {
  const auto before = plan;
  house->run_due(5000, false);
  BOOST_CHECK_EQUAL(plan, before);
  admin.set_partitions("in-b", 2);
  house->run_due(9999, false);
  BOOST_CHECK_EQUAL(plan, before);
  house->run_due(10000, false);
  BOOST_CHECK(plan->tasks()[0].topics.contains("in-b"));
}

BOOST_AUTO_TEST_CASE(looks_for_partitions_at_once_when_the_group_knows_of_new_ones) {
  const auto before = plan;
  house->run_due(1, true);
  BOOST_CHECK_EQUAL(plan, before);  // the new partitions do not show yet
  admin.set_partitions("in-a", 3);
  house->run_due(2, false);
  BOOST_CHECK_EQUAL(plan->tasks()[0].count, 3);
}

BOOST_AUTO_TEST_CASE(reports_topics_that_stay_deleted) {
  admin.delete_topic("in-a", Millis(0));
  house->run_due(5000, false);  // perhaps the broker has just started
  bool told = false;
  for (int i = 1; i < 10 && !told; ++i) {
    try {
      house->run_due(5000 + i, false);
    } catch (const TopologyException&) {
      told = true;
    }
  }
  BOOST_CHECK(told);
}

BOOST_AUTO_TEST_CASE(tolerates_topics_that_come_back) {
  admin.delete_topic("in-a", Millis(0));
  for (int i = 0; i < 20; ++i) {
    house->run_due(5000 + 2 * i, true);
    admin.set_partitions("in-a", 2);
    house->run_due(5001 + 2 * i, true);
    admin.delete_topic("in-a", Millis(0));
  }
  BOOST_CHECK(plan != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
