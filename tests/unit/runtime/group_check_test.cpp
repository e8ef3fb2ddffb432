// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/group_check.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>

#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "runtime/thread/client_configs.hpp"
#include "support/captured_stderr.hpp"
#include "unit/runtime/fake_admin.hpp"
#include "unit/runtime/fake_consumer.hpp"
#include "unit/runtime/fake_producer.hpp"

namespace millrace::detail {
namespace {

using S = std::string;
using Severity = BrokerException::Severity;

constexpr std::uint64_t kPlan = 1;
constexpr std::uint64_t kOther = 2;

class TurnedClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return time; }
  [[nodiscard]] Timestamp monotonic_ms() const override { return time; }
  Timestamp time = 1000;
};

struct Fixture {
  Fixture() {
    check.use(consumer, kPlan);
    joined("me", 1);
    group_is({member("me", kPlan)});
  }

  static MemberDescription member(const S& id, std::uint64_t plan) {
    return {id, with_plan({{"client.id", "c-" + id}}, plan).at("client.id"), "host-" + id, {}};
  }
  static MemberDescription stranger(const S& id) { return {id, "c-" + id, "host-" + id, {}}; }

  void joined(const S& member_id, std::int32_t generation) {
    consumer.group = ConsumerGroupMetadata("app", member_id, generation, nullptr);
  }
  void group_is(std::vector<MemberDescription> members) { admin.group = {"Stable", std::move(members)}; }
  std::int32_t commit_generation() { return check.for_commit(Patience(Millis(0))).generation_id(); }
  static auto with(Severity severity) {
    return [severity](const BrokerException& error) { return error.severity() == severity; };
  }

  TurnedClock clock;
  FakeAdmin admin;
  FakeConsumer consumer;
  ProducerOnlyBroker broker;
  StreamsConfig config;
  StreamsBuilder builder;
  Topology topology = builder.build();
  int replans = 0;
  ThreadEnvironment environment{
      {topology.internal(), "app", config, clock, make_error_policy(config, {}), 0, TimestampPolicy::fail_on_invalid},
      broker,
      admin,
      nullptr,
      {},
      {},
      [this] { ++replans; },
      {}};
  GroupCheck check{environment, "app", "thread"};
};

BOOST_FIXTURE_TEST_SUITE(GroupCheckSuite, Fixture)

BOOST_AUTO_TEST_CASE(asks_once_in_each_generation) {
  for (int round = 0; round < 10; ++round) {
    check.look(false, true);
    BOOST_CHECK_EQUAL(commit_generation(), 1);
    clock.time += 500;
  }
  BOOST_CHECK_EQUAL(admin.described, 1);
  joined("me", 2);
  check.rebalanced();
  for (int round = 0; round < 10; ++round) {
    check.look(false, true);
    BOOST_CHECK_EQUAL(commit_generation(), 2);
    clock.time += 500;
  }
  BOOST_CHECK_EQUAL(admin.described, 2);
}

BOOST_AUTO_TEST_CASE(asks_before_a_commit_if_the_generation_has_moved_unnoticed) {
  check.look(false, true);
  joined("me", 2);
  BOOST_CHECK(!check.unmoved());
  BOOST_CHECK_EQUAL(commit_generation(), 2);
  BOOST_CHECK(check.unmoved());
  BOOST_CHECK_EQUAL(admin.described, 2);
}

BOOST_AUTO_TEST_CASE(asks_about_once_a_second_while_tasks_wait) {
  group_is({member("me", kPlan), member("b", kOther)});
  for (int round = 0; round < 50; ++round) {
    check.look(true, false);
    clock.time += 100;
  }
  BOOST_CHECK_EQUAL(admin.described, 5);
}

BOOST_AUTO_TEST_CASE(asks_for_a_fresh_plan_once_for_each_other_plan) {
  group_is({member("me", kPlan), member("b", kOther)});
  for (int round = 0; round < 50; ++round) {
    check.look(true, false);
    clock.time += 100;
  }
  BOOST_CHECK_EQUAL(replans, 1);
  group_is({member("me", kPlan), member("b", kOther + 1)});
  clock.time += 1000;
  check.look(true, false);
  BOOST_CHECK_EQUAL(replans, 2);
}

BOOST_AUTO_TEST_CASE(tries_again_while_the_coordinator_is_away) {
  admin.unreachable = true;
  check.look(false, true);
  BOOST_CHECK(check.ownership().group() == Ownership::Group::unknown);
  BOOST_CHECK_EXCEPTION(commit_generation(), BrokerException, with(Severity::retriable));
  admin.unreachable = false;
  clock.time += 1000;
  check.look(false, true);
  BOOST_CHECK_EQUAL(commit_generation(), 1);
}

BOOST_AUTO_TEST_CASE(says_that_the_coordinator_is_away_and_gives_up_in_the_end) {
  const CapturedStderr log;
  admin.unreachable = true;
  for (int second = 0; second < 60; ++second) {  // millrace.connect.timeout.ms: 60 s
    BOOST_REQUIRE_NO_THROW(check.look(true, false));
    clock.time += 1000;
  }
  BOOST_CHECK_EXCEPTION(check.look(true, false), BrokerException, with(Severity::retriable));
  const S text = log.text();
  BOOST_CHECK_MESSAGE(text.find("until the coordinator describes the group: no coordinator") != S::npos, text);
  BOOST_CHECK_EQUAL(std::count(text.begin(), text.end(), '\n'), 1);
  admin.unreachable = false;
  clock.time += 1000;
  check.look(true, false);
  admin.unreachable = true;
  check.rebalanced();
  BOOST_CHECK_NO_THROW(check.look(true, false));  // the time without an answer starts again at 0
}

BOOST_AUTO_TEST_CASE(refuses_commits_of_a_removed_member) {
  check.look(false, true);
  joined("", ConsumerGroupMetadata::kUnknownGeneration);
  BOOST_CHECK_EXCEPTION(commit_generation(), BrokerException, with(Severity::fenced));
  joined("me again", 4);
  group_is({member("me again", kPlan)});
  BOOST_CHECK_EXCEPTION(commit_generation(), BrokerException, with(Severity::fenced));
  check.forget();
  BOOST_CHECK_EQUAL(commit_generation(), 4);
}

BOOST_AUTO_TEST_CASE(stops_tasks_when_strangers_join) {
  check.look(false, true);
  joined("me", 2);
  group_is({member("me", kPlan), stranger("old")});
  BOOST_CHECK_EXCEPTION(commit_generation(), StrangersInGroup, [](const StrangersInGroup& error) {
    const S text = error.what();
    return text.find("client 'c-old' on host-old") != S::npos && text.find("finish the rolling update") != S::npos;
  });
  BOOST_CHECK_THROW(check.look(false, true), StrangersInGroup);
  BOOST_CHECK_NO_THROW(check.look(true, false));
  group_is({member("me", kPlan)});
  check.forget();
  BOOST_CHECK_EQUAL(commit_generation(), 2);
}

BOOST_AUTO_TEST_CASE(warns_once_if_tasks_wait_for_some_seconds) {
  const CapturedStderr log;
  group_is({member("me", kPlan), member("b", kOther)});
  check.look(true, false);
  check.report({"task 0_1 (orders-1)"});
  clock.time += 1000;
  check.report({"task 0_1 (orders-1)"});
  BOOST_CHECK_EQUAL(log.text(), "");
  for (int second = 0; second < 30; ++second) {
    clock.time += 1000;
    check.report({"task 0_1 (orders-1)"});
  }
  const S text = log.text();
  BOOST_CHECK_MESSAGE(text.find("task 0_1 (orders-1)") != S::npos, text);
  BOOST_CHECK_MESSAGE(text.find("client 'c-b-plan-0000000000000002' on host-b") != S::npos, text);
  BOOST_CHECK_MESSAGE(text.find("finish the rolling update") != S::npos, text);
  BOOST_CHECK_EQUAL(std::count(text.begin(), text.end(), '\n'), 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
