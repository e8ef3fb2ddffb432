// How the tasks of a thread restart after a failure.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/task_manager.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

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

/// A TaskManager with one task, whose topology has the store "st".
struct Fixture {
  explicit Fixture(StoreBuilder store = Stores::key_value_store<S, S>("st"))
      : topology(put_topology(std::move(store))),
        plan(std::make_shared<TopologyPlan>(plan_topology(topology.internal(), "app", config, admin, Millis(0)))) {
    auto reader = std::make_unique<FakeConsumer>();
    changelog = reader.get();
    tasks = std::make_unique<TaskManager>(
        environment, metrics, consumer,
        std::make_unique<ChangelogReader>(std::move(reader), admin, nullptr, Millis(1000), Clock::system()),
        AutoOffsetReset::earliest(), Millis(1000));
    (void)tasks->add({0, 0}, plan);
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
  tasks->advance(first, Millis(0));
  put("a", "1");
  first.confirm(Offset(1));
  task().post_commit();
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

BOOST_FIXTURE_TEST_CASE(restores_the_changelog_after_the_last_commit_on_a_restart, Fixture) {
  tasks->advance(first, Millis(0));
  put("a", "1");
  first.confirm(Offset(1));
  task().post_commit();
  put("a", "2");

  tasks->restart_all();
  // At least once: the changelog contains the record of the uncommitted change.
  admin.bounds[kChangelog] = {0, 2};
  changelog->records.push_back(input_record(kChangelog.topic, 1, "a", "2"));
  tasks->advance(second, Millis(0));
  BOOST_TEST((changelog->assigned.front() == std::vector{std::pair<TopicPartition, std::int64_t>(kChangelog, 1)}));
  BOOST_TEST(get("a") == "2");
}

BOOST_FIXTURE_TEST_CASE(restores_stores_in_memory_from_the_beginning_on_a_restart, InMemory) {
  tasks->advance(first, Millis(0));
  put("a", "1");
  first.confirm(Offset(1));
  task().post_commit();
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
  tasks->advance(first, Millis(0));
  put("a", "1");
  first.confirm(Offset(1));
  task().post_commit();
  (void)tasks->remove({0, 0}, true);
  BOOST_TEST(state.try_lock({0, 0}).has_value());
  (void)tasks->add({0, 0}, plan);
  admin.bounds[kChangelog] = {0, 1};
  tasks->advance(second, Millis(0));
  BOOST_TEST(get("a") == "1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
