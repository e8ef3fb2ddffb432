// SPDX-License-Identifier: Apache-2.0
// How the tasks of a thread restart after a failure.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/task_manager.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/task/commit_metadata.hpp"
#include "runtime/thread/client_configs.hpp"

#include "unit/runtime/changelog_output.hpp"
#include "unit/runtime/fake_admin.hpp"
#include "unit/runtime/fake_consumer.hpp"
#include "unit/runtime/fake_producer.hpp"
#include "unit/runtime/put_topology.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

using S = std::string;

const TopicPartition kIn{"in", 0};
const TopicPartition kChangelog{"app-st-changelog", 0};

StreamsConfig with_guarantee(const char* guarantee) {
  StreamsConfig config;
  config.set("processing.guarantee", guarantee);
  return config;
}

/// A TaskManager with one task, whose topology has the store "st".
struct Fixture {
  explicit Fixture(StoreBuilder store = Stores::key_value_store<S, S>("st"), const char* guarantee = "at_least_once")
      : config(with_guarantee(guarantee)),
        topology(put_topology(std::move(store))),
        plan(std::make_shared<TopologyPlan>(plan_topology(topology.internal(), "app", config, admin, Millis(0)))) {
    auto reader = std::make_unique<FakeConsumer>();
    changelog = reader.get();
    tasks = std::make_unique<TaskManager>(
        environment, metrics, consumer, ownership,
        std::make_unique<ChangelogReader>(std::move(reader), admin, nullptr, Millis(1000), Clock::system()),
        AutoOffsetReset::earliest(), Millis(1000));
    (void)tasks->add({0, 0}, plan);
    group_is({plan->fingerprint()});
  }

  /// Describes the group: one member for each plan. The first one is this member.
  void group_is(const std::vector<std::uint64_t>& plans) {
    ConsumerGroupDescription group{"Stable", {}};
    for (const std::uint64_t fingerprint : plans) {
      group.members.push_back(
          {"m" + std::to_string(group.members.size()), with_plan({}, fingerprint).at("client.id"), "host", {}});
    }
    ownership.described(ConsumerGroupMetadata("app", "m0", 1, nullptr), group);
  }
  /// Moves the task on until it runs. Commits its claim, if it has one.
  void start(ChangelogOutput& output) {
    tasks->advance(output, Millis(0));
    consumer.commit_sync(tasks->claims());
    tasks->claimed();
    tasks->advance(output, Millis(0));
  }
  void commit_by_another(std::int64_t next, std::optional<std::int64_t> claim) {
    const auto id = claim ? claim_id() : std::nullopt;
    consumer.offsets[kIn] = {next, std::nullopt, encode_commit_metadata({5, {{"w", 7}}, claim, id})};
  }
  /// A task of another plan claims the input, commits the same offset, and leaves. Then a member with this plan claims
  /// it again.
  void claim_by_others() {
    const CommitMetadata claimed{5, {{"w", 7}}, own_claim, claim_id().value_or(0) + 1};
    consumer.offsets.at(kIn).metadata = encode_commit_metadata(claimed);
  }
  [[nodiscard]] std::optional<std::int64_t> claim_id() const {
    const auto found = consumer.offsets.find(kIn);
    return found == consumer.offsets.end() ? std::nullopt : decode_commit_metadata(found->second.metadata).claim_id;
  }

  StreamTask& task() {
    BOOST_REQUIRE_EQUAL(tasks->running().size(), 1);
    return *tasks->running().front();
  }
  void put(std::string_view key, std::string_view value) {
    std::vector<ConsumerRecord> polled;
    polled.push_back(input_record(kIn.topic, offset++, key, value));
    tasks->dispatch(polled);
    BOOST_REQUIRE(task().process_one());
  }
  S get(const S& key) {
    return dynamic_cast<KeyValueStore<S, S>&>(*task().stores().find("st")).get(key).value_or("(none)");
  }
  /// Commits everything that was put so far. `group_too`: the group gets the offset as well, not only the database.
  void commit(bool group_too = true) {
    const std::map<TopicPartition, OffsetAndMetadata> offsets{
        {kIn, {offset, std::nullopt, encode_commit_metadata({kNoTimestamp, {}, own_claim, claim_id()})}}};
    task().commit_stores(offsets);
    if (!group_too) return;
    consumer.offsets = offsets;
    task().post_commit(offsets);
  }
  /// Adds a record to the changelog, at an offset after the last commit.
  void find_in_changelog(std::int64_t at, const S& key, const S& value) {
    admin.bounds[kChangelog] = {0, at + 1};
    changelog->records.push_back(input_record(kChangelog.topic, at, key, value));
  }
  [[nodiscard]] S manifest() const {
    std::ostringstream text;
    text << std::ifstream(state.path() / "0_0" / "CURRENT").rdbuf();
    return text.str();
  }

  const TempDirectory directory;
  StateDirectory state{directory.path(), "app"};
  FakeAdmin admin{std::map<S, std::int32_t>{{"in", 1}}};
  ProducerOnlyBroker broker;
  StreamsConfig config;
  Topology topology;
  std::shared_ptr<const TopologyPlan> plan;
  Ownership ownership{plan->fingerprint()};
  const std::int64_t own_claim = plan->tasks_of(0).claim();
  ThreadEnvironment environment{{topology.internal(), "app", config, Clock::system(), make_error_policy(config, {}), 0,
                                 TimestampPolicy::fail_on_invalid},
                                broker,
                                admin,
                                &state,
                                {},
                                [this] { return plan; },
                                [] {},
                                {}};
  ThreadMetrics metrics{*environment.task.metrics, "thread", [] { return "RUNNING"; }};
  FakeConsumer consumer;
  FakeConsumer* changelog = nullptr;
  ChangelogOutput first;
  ChangelogOutput second;
  std::int64_t offset = 0;
  std::unique_ptr<TaskManager> tasks;
};

/// The same with the store in memory.
struct InMemory : Fixture {
  InMemory() : Fixture(Stores::key_value_store<S, S>("st", StoreMedium::in_memory)) {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(TaskManagerSuite)

BOOST_FIXTURE_TEST_CASE(restarts_stores_at_the_last_commit_without_reopening_them, Fixture) {
  start(first);
  put("a", "1");
  first.confirm(Offset(1));
  commit();
  put("a", "2");
  put("b", "2");
  const S manifest_before = manifest();
  BOOST_TEST(!manifest_before.empty());

  tasks->restart_all();
  BOOST_TEST(tasks->running().empty());
  BOOST_TEST(!state.try_lock({0, 0}).has_value());
  admin.bounds[kChangelog] = {0, 1};
  tasks->advance(second, Millis(0));
  BOOST_TEST(get("a") == "1");
  BOOST_TEST(get("b") == "(none)");
  BOOST_TEST(changelog->assigned.empty());
  BOOST_TEST(manifest() == manifest_before);
  BOOST_TEST(first.closed.size() == 1);
}

// Under at least once, the changelog contains the records of uncommitted changes.
BOOST_FIXTURE_TEST_CASE(undoes_uncommitted_changelog_records_on_a_restart, Fixture) {
  const S a = "a", b = "b", two = "2";
  start(first);
  put("a", "1");
  first.confirm(Offset(1));
  commit();
  put("a", "2");
  put("b", "2");

  tasks->restart_all();
  find_in_changelog(1, a, two);
  find_in_changelog(2, b, two);
  tasks->advance(second, Millis(0));
  BOOST_TEST((changelog->assigned.front() == std::vector{std::pair<TopicPartition, std::int64_t>(kChangelog, 1)}));
  BOOST_TEST(get("a") == "1");
  BOOST_TEST(get("b") == "(none)");
  BOOST_TEST(second.logged == (std::vector<S>{"a=1", "b=null"}), boost::test_tools::per_element());
  BOOST_TEST(consumer.sought.at(kIn) == 1);

  // The position of the next commit is behind all these records.
  second.confirm(Offset(5));
  commit();
  tasks->restart_all();
  admin.bounds[kChangelog] = {0, 5};
  ChangelogOutput third;
  tasks->advance(third, Millis(0));
  BOOST_TEST(get("a") == "1");  // the task runs, so it did not wait for changelog records
  BOOST_TEST(third.logged.empty());
  (void)tasks->remove({0, 0}, false);
}

BOOST_FIXTURE_TEST_CASE(undoes_uncommitted_changelog_records_of_a_returned_task, Fixture) {
  const S a = "a", two = "2";
  start(first);
  put("a", "1");
  first.confirm(Offset(1));
  commit();
  put("a", "2");

  (void)tasks->remove({0, 0}, false);
  (void)tasks->add({0, 0}, plan);
  find_in_changelog(1, a, two);
  tasks->advance(second, Millis(0));
  BOOST_TEST(get("a") == "1");
  BOOST_TEST(second.logged == (std::vector<S>{"a=1"}), boost::test_tools::per_element());
  BOOST_TEST(consumer.sought.empty());  // the group has the same offset
}

BOOST_FIXTURE_TEST_CASE(undoes_uncommitted_changelog_records_of_a_task_without_a_commit, Fixture) {
  const S a = "a", one = "1";
  start(first);
  put("a", "1");

  (void)tasks->remove({0, 0}, false);
  (void)tasks->add({0, 0}, plan);
  find_in_changelog(0, a, one);
  tasks->advance(second, Millis(0));
  BOOST_TEST(get("a") == "(none)");
  BOOST_TEST(second.logged == (std::vector<S>{"a=null"}), boost::test_tools::per_element());
}

// The task of the other plan has read an input that this task does not read.
BOOST_FIXTURE_TEST_CASE(keeps_changelog_records_of_another_plan_that_has_moved_no_offset, Fixture) {
  const S a = "a", two = "2";
  start(first);
  put("a", "1");
  first.confirm(Offset(1));
  commit();

  (void)tasks->remove({0, 0}, true);
  (void)tasks->add({0, 0}, plan);
  claim_by_others();
  find_in_changelog(1, a, two);
  tasks->advance(second, Millis(0));
  tasks->advance(second, Millis(0));
  BOOST_TEST(get("a") == "2");
  BOOST_TEST(second.logged.empty());
}

BOOST_FIXTURE_TEST_CASE(starts_a_task_from_a_database_that_is_ahead_of_the_group, Fixture) {
  start(first);
  put("a", "1");
  first.confirm(Offset(1));
  commit();
  put("a", "2");
  first.confirm(Offset(2));
  commit(false);

  (void)tasks->remove({0, 0}, false);
  (void)tasks->add({0, 0}, plan);
  admin.bounds[kChangelog] = {0, 2};
  tasks->advance(second, Millis(0));
  BOOST_TEST(get("a") == "2");
  BOOST_TEST(consumer.sought.at(kIn) == 2);
}

BOOST_FIXTURE_TEST_CASE(restores_the_changelog_of_a_task_that_was_elsewhere, Fixture) {
  const S a = "a", two = "2";
  start(first);
  put("a", "1");
  first.confirm(Offset(1));
  commit();

  (void)tasks->remove({0, 0}, true);
  (void)tasks->add({0, 0}, plan);
  consumer.offsets[kIn].offset = 2;
  find_in_changelog(1, a, two);
  tasks->advance(second, Millis(0));
  BOOST_TEST((changelog->assigned.front() == std::vector{std::pair<TopicPartition, std::int64_t>(kChangelog, 1)}));
  BOOST_TEST(get("a") == "2");
  BOOST_TEST(second.logged.empty());
}

BOOST_FIXTURE_TEST_CASE(restores_the_changelog_of_a_task_whose_group_was_set_back, Fixture) {
  const S a = "a", two = "2";
  start(first);
  put("a", "1");
  first.confirm(Offset(1));
  commit();
  put("b", "1");
  first.confirm(Offset(2));
  commit();

  (void)tasks->remove({0, 0}, true);
  (void)tasks->add({0, 0}, plan);
  consumer.offsets[kIn].offset = 0;
  find_in_changelog(2, a, two);
  tasks->advance(second, Millis(0));
  BOOST_TEST(get("a") == "2");
  BOOST_TEST(!consumer.sought.contains(kIn));
}

BOOST_AUTO_TEST_CASE(restores_the_whole_changelog_under_exactly_once) {
  Fixture setup(Stores::key_value_store<S, S>("st"), "exactly_once_v2");
  const S a = "a", two = "2";
  setup.start(setup.first);
  setup.put("a", "1");
  setup.first.confirm(Offset(1));
  setup.commit();

  // The broker has committed this record, but the database does not include it.
  setup.tasks->restart_all();
  setup.find_in_changelog(1, a, two);
  setup.tasks->advance(setup.second, Millis(0));
  BOOST_TEST(setup.get("a") == "2");
  BOOST_TEST(setup.second.logged.empty());
}

BOOST_FIXTURE_TEST_CASE(restores_a_damaged_store_from_its_changelog_on_a_restart, Fixture) {
  const S a = "a", one = "1";
  start(first);
  put("a", "1");
  first.confirm(Offset(1));
  commit();

  BOOST_TEST(!tasks->damaged(state.path() / "0_1"));
  BOOST_TEST(tasks->damaged(state.path() / "0_0"));
  tasks->restart_all();
  BOOST_TEST(!std::filesystem::exists(state.path() / "0_0" / "CURRENT"));
  find_in_changelog(0, a, one);
  tasks->advance(second, Millis(0));
  tasks->advance(second, Millis(0));
  BOOST_TEST((changelog->assigned.front() == std::vector{std::pair<TopicPartition, std::int64_t>(kChangelog, 0)}));
  BOOST_TEST(get("a") == "1");
}

BOOST_FIXTURE_TEST_CASE(deletes_a_damaged_store_if_its_task_is_returned, Fixture) {
  start(first);
  BOOST_TEST(tasks->damaged(state.path() / "0_0"));
  (void)tasks->remove({0, 0}, false);
  BOOST_TEST(!std::filesystem::exists(state.path() / "0_0" / "CURRENT"));
  BOOST_TEST(state.try_lock({0, 0}).has_value());
}

BOOST_FIXTURE_TEST_CASE(restores_stores_in_memory_from_the_beginning_on_a_restart, InMemory) {
  start(first);
  put("a", "1");
  first.confirm(Offset(1));
  commit();
  put("b", "2");

  tasks->restart_all();
  admin.bounds[kChangelog] = {0, 1};
  changelog->records.push_back(input_record(kChangelog.topic, 0, "a", "1"));
  tasks->advance(second, Millis(0));
  BOOST_TEST((changelog->assigned.front() == std::vector{std::pair<TopicPartition, std::int64_t>(kChangelog, 0)}));
  BOOST_TEST(get("a") == "1");
  BOOST_TEST(get("b") == "(none)");
}

BOOST_FIXTURE_TEST_CASE(unlocks_the_directory_of_a_returned_task, Fixture) {
  start(first);
  put("a", "1");
  first.confirm(Offset(1));
  commit();
  (void)tasks->remove({0, 0}, true);
  BOOST_TEST(state.try_lock({0, 0}).has_value());
  (void)tasks->add({0, 0}, plan);
  admin.bounds[kChangelog] = {0, 1};
  tasks->advance(second, Millis(0));
  BOOST_TEST(get("a") == "1");
}

// --- who owns the partitions

BOOST_FIXTURE_TEST_CASE(a_task_without_committed_offsets_claims_its_inputs_before_it_runs, Fixture) {
  tasks->advance(first, Millis(0));
  BOOST_TEST(tasks->running().empty());
  BOOST_TEST(tasks->claiming());
  const auto claims = tasks->claims();
  BOOST_REQUIRE_EQUAL(claims.size(), 1U);
  BOOST_TEST(claims.at(kIn).offset == 0);
  const CommitMetadata claimed = decode_commit_metadata(claims.at(kIn).metadata);
  BOOST_TEST(claimed.claim_id.has_value());
  BOOST_TEST((claimed == CommitMetadata{kNoTimestamp, {}, own_claim, claimed.claim_id}));
  tasks->advance(first, Millis(0));
  BOOST_TEST(tasks->running().empty());

  consumer.commit_sync(claims);
  tasks->claimed();
  tasks->advance(first, Millis(0));
  BOOST_TEST(!tasks->claiming());
  BOOST_TEST(tasks->running().size() == 1);
  // The consumer has started at this offset by itself.
  BOOST_TEST(consumer.sought.empty());
}

BOOST_FIXTURE_TEST_CASE(a_task_whose_inputs_carry_its_claim_runs_at_once, Fixture) {
  commit_by_another(3, own_claim);
  tasks->advance(first, Millis(0));
  BOOST_TEST(tasks->running().size() == 1);
  BOOST_TEST(!tasks->claiming());
}

BOOST_FIXTURE_TEST_CASE(a_task_whose_inputs_carry_its_claim_runs_beside_members_with_another_plan, Fixture) {
  commit_by_another(3, own_claim);
  group_is({plan->fingerprint(), 17});
  tasks->advance(first, Millis(0));
  BOOST_TEST(tasks->running().size() == 1);
}

BOOST_FIXTURE_TEST_CASE(a_claim_takes_over_offset_and_times_of_the_previous_owner, Fixture) {
  commit_by_another(3, std::nullopt);
  tasks->advance(first, Millis(0));
  const auto claims = tasks->claims();
  BOOST_TEST(claims.at(kIn).offset == 3);
  const CommitMetadata claimed = decode_commit_metadata(claims.at(kIn).metadata);
  BOOST_TEST((claimed == CommitMetadata{5, {{"w", 7}}, own_claim, claimed.claim_id}));
  start(first);
  BOOST_TEST(tasks->running().size() == 1);
  // The previous owner may have committed after the consumer began to read.
  BOOST_TEST((consumer.sought == std::map<TopicPartition, std::int64_t>{{kIn, 3}}));
  const auto next =
      task().committable_offsets([](const TopicPartition&) { return std::optional<std::int64_t>(3); }, true);
  BOOST_TEST(decode_commit_metadata(next.at(kIn).metadata).processors.at("w") == 7);
}

BOOST_FIXTURE_TEST_CASE(a_task_waits_while_members_with_another_plan_may_own_its_inputs, Fixture) {
  commit_by_another(3, own_claim + 1);
  group_is({plan->fingerprint(), 17});
  tasks->advance(first, Millis(0));
  BOOST_TEST(tasks->running().empty());
  BOOST_TEST(!tasks->claiming());
  BOOST_TEST(tasks->waiting() == std::vector<S>{"task 0_0 (in-0)"}, boost::test_tools::per_element());

  // The other member commits once more and leaves.
  commit_by_another(4, own_claim + 1);
  group_is({plan->fingerprint()});
  tasks->advance(first, Millis(0));
  BOOST_TEST(tasks->claims().at(kIn).offset == 4);
  start(first);
  BOOST_TEST(tasks->waiting().empty());
  BOOST_TEST((consumer.sought == std::map<TopicPartition, std::int64_t>{{kIn, 4}}));
}

BOOST_FIXTURE_TEST_CASE(a_waiting_task_asks_again_only_after_a_new_description_of_the_group, Fixture) {
  commit_by_another(3, own_claim + 1);
  group_is({plan->fingerprint(), 17});
  tasks->advance(first, Millis(0));
  commit_by_another(3, own_claim);
  tasks->advance(first, Millis(0));
  BOOST_TEST(tasks->running().empty());
  group_is({plan->fingerprint(), 17});
  tasks->advance(first, Millis(0));
  BOOST_TEST(tasks->running().size() == 1);
}

BOOST_FIXTURE_TEST_CASE(a_claim_of_an_earlier_generation_is_not_committed, Fixture) {
  tasks->advance(first, Millis(0));
  BOOST_TEST(tasks->claiming());
  ownership.forget();
  BOOST_TEST(tasks->claims().empty());
  BOOST_TEST(!tasks->claiming());
}

BOOST_FIXTURE_TEST_CASE(offsets_that_another_member_has_committed_are_noticed, Fixture) {
  start(first);
  BOOST_TEST(tasks->untouched(Millis(0)));
  // Its own commit.
  commit_by_another(2, own_claim);
  const auto own_offsets = consumer.offsets;
  tasks->committed(consumer.offsets);
  BOOST_TEST(tasks->untouched(Millis(0)));
  // The commit of a stranger has no claim. A commit of Kafka Streams has a copy of the claim.
  commit_by_another(2, std::nullopt);
  BOOST_TEST(!tasks->untouched(Millis(0)));
  commit_by_another(3, own_claim);
  BOOST_TEST(!tasks->untouched(Millis(0)));
  // Same offset, same claim, but another id.
  consumer.offsets = own_offsets;
  BOOST_TEST(tasks->untouched(Millis(0)));
  claim_by_others();
  BOOST_TEST(!tasks->untouched(Millis(0)));
  consumer.offsets.clear();
  BOOST_TEST(!tasks->untouched(Millis(0)));
  tasks->restart_all();
  BOOST_TEST(tasks->untouched(Millis(0)));
}

BOOST_FIXTURE_TEST_CASE(a_claim_that_may_have_come_too_late_does_not_count, Fixture) {
  tasks->advance(first, Millis(0));
  tasks->claims_doubtful();
  consumer.commit_sync(tasks->claims());
  // The group has rebalanced meanwhile.
  tasks->restart_all();
  group_is({plan->fingerprint(), 17});
  tasks->advance(first, Millis(0));
  BOOST_TEST(tasks->running().empty());
  group_is({plan->fingerprint()});
  start(first);
  BOOST_TEST(tasks->running().size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
