// SPDX-License-Identifier: Apache-2.0
// Processes that are killed, or stopped and continued.
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <functional>
#include <map>
#include <thread>
#include <utility>

#include "integration/runtime/child.hpp"
#include "integration/runtime/world.hpp"
#include "support/repetitions.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using Arguments = std::vector<std::string>;

Arguments arguments(const std::string& broker, const std::string& in, const std::string& out, const std::string& id,
                    const std::filesystem::path& state, const Arguments& more = {}) {
  Arguments all{broker,
                in,
                out,
                "application.id=" + id,
                "state.dir=" + state.string(),
                "processing.guarantee=exactly_once_v2",
                "poll.ms=20",
                "consumer.session.timeout.ms=6000",
                "consumer.heartbeat.interval.ms=500",
                "producer.linger.ms=5",
                "statestore.cache.max.bytes=0",
                "millrace.rocksdb.write.buffer.bytes=65536"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// Records in which each value occurs only a few times, so that the state is large.
std::vector<Input> many_values(int count) { return keyed(count, count / 4); }

BOOST_AUTO_TEST_SUITE(Crashes)

// Uses Kafka if it is the broker under test. Otherwise the child process opens an embedded broker that only it uses.
struct Place {
  TempDir directory;
  TempDir state;
  bool kafka = World::on_kafka();
  std::string id = World::unique("app");
  std::string in = World::unique("in");
  std::string out = World::unique("out");

  [[nodiscard]] World world() const { return kafka ? World() : World(Broker::embedded(directory.path().string())); }
  [[nodiscard]] std::string address() const {
    return kafka ? World().broker->address() : "embedded:" + directory.path().string();
  }
};

/// Waits until a child process has processed all records, and closes the process.
void finish(Child& child) {
  child.wait_until_running();
  Child::Status before;
  wait_until("the rest", [&] {
    std::this_thread::sleep_for(Millis(1000) * test::kSlowness);
    const auto now = child.status();
    return now.processed == std::exchange(before, now).processed;
  });
  child.signal(SIGTERM);
  BOOST_CHECK_EQUAL(child.wait(), 0);
}

BOOST_FIXTURE_TEST_CASE(after_kill_9_only_the_tail_is_restored, Place) {
  constexpr int kRecords = 100'000;
  {
    const World world = this->world();
    world.create(in, 1);
    world.create(out, 1);
    world.write(in, many_values(kRecords));
  }
  const auto all = arguments(address(), in, out, id, state.path(), {"commit.interval.ms=10"});
  {
    Child child(all);
    // In total twice as many records will be processed, because the second sub-topology processes each record too.
    child.wait_until_processed(kRecords + kRecords / 2);
    child.kill();
  }
  const auto logged =
      static_cast<std::uint64_t>(world().admin->watermarks({id + "-counts-changelog", 0}, kPatience).high);
  {
    Child child(all);
    finish(child);
    const std::uint64_t restored = child.status().restored;
    BOOST_TEST_MESSAGE("restored " << restored << " of " << logged);
    BOOST_CHECK_GE(logged, static_cast<std::uint64_t>(kRecords / 4));
    BOOST_CHECK_LT(restored, logged / 2);
  }
  check_counted_once(world().read(out), kRecords);
}

// With a cache, some counts are skipped in the output, but the last count of each key is written.
BOOST_DATA_TEST_CASE_F(Place, results_are_exact_after_many, data::make({0, 1'000'000}), cache) {
  constexpr int kRecords = 20'000;
  {
    const World world = this->world();
    world.create(in, 3);
    world.create(out, 2);
    world.write(in, keyed(kRecords, 100));
  }
  const auto all = arguments(address(), in, out, id, state.path(),
                             {"num.stream.threads=2", "statestore.cache.max.bytes=" + std::to_string(cache)});
  for (int i = 0; i < 5; ++i) {
    Child child(all);
    child.wait_until_processed(static_cast<std::uint64_t>(1000 + 700 * i));
    child.kill();
  }
  {
    Child child(all);
    finish(child);
  }
  const auto rows = world().read(out);
  if (cache == 0) {
    check_counted_once(rows, kRecords);
  } else {
    check_counted_up(rows, kRecords, 100);
  }
}

/// The last value of each key, without deleted keys.
std::map<std::string, std::string> table_of(const std::vector<Row>& rows) {
  std::map<std::string, std::string> table;
  for (const Row& row : rows) {
    if (row.value) {
      table[*row.key] = *row.value;
    } else {
      table.erase(*row.key);
    }
  }
  return table;
}

// Each process is killed within a commit interval. So the next one always has work to repeat.
struct AtLeastOnce : Place {
  static constexpr int kKills = 5;

  [[nodiscard]] Arguments settings(const char* topology) const {
    return arguments(
        address(), in, out, id, state.path(),
        {"processing.guarantee=at_least_once", "commit.interval.ms=200", std::string("topology=") + topology});
  }
  /// Runs several processes, one after the other. Before each one, `write` writes a part of the input. Each is killed
  /// while it processes. The last process ends normally.
  void run(const Arguments& all, const std::function<void(int part)>& write) const {
    for (int i = 0; i < kKills; ++i) {
      write(i);
      Child child(all);
      child.wait_until_processed(500);
      std::this_thread::sleep_for(Millis(37 * i));
      child.kill();
    }
    Child child(all);
    finish(child);
  }
};

BOOST_FIXTURE_TEST_CASE(at_least_once_counts_each_record_once_after_many, AtLeastOnce) {
  {
    const World world = this->world();
    world.create(in, 2);
    world.create(out, 2);
  }
  run(settings("counting"), [&](int part) { world().write(in, keyed(2'000, 40, 2'000 * part)); });
  const auto by_key = counts(world().read(out));
  BOOST_CHECK_EQUAL(by_key.size(), 40U);
  for (const auto& [key, values] : by_key) {
    BOOST_CHECK_MESSAGE(values.back() == 2'000 * kKills / 40, key << " was counted to " << values.back());
  }
  // The changelog alone must give the same counts.
  std::vector<Row> logged = world().read(id + "-counts-changelog");
  // A tombstone undoes the first, uncommitted count of a key.
  std::erase_if(logged, [](const Row& row) { return !row.value; });
  for (const auto& [key, values] : counts(logged)) BOOST_CHECK_EQUAL(values.back(), 2'000 * kKills / 40);
}

BOOST_FIXTURE_TEST_CASE(at_least_once_a_foreign_key_join_has_no_stale_rows_after_many, AtLeastOnce) {
  constexpr int kRows = 200;
  constexpr int kOthers = 20;
  std::map<std::string, std::string> left;
  std::map<std::string, std::string> right;
  {
    const World world = this->world();
    world.create(in, 2);
    world.create(in + "-other", 2);
    world.create(out, 2);
    std::vector<Input> rows;
    for (int i = 0; i < kOthers; ++i) {
      rows.push_back({"o" + std::to_string(i), "v" + std::to_string(i)});
      right[*rows.back().key] = *rows.back().value;
    }
    world.write(in + "-other", rows);
  }
  int number = 0;
  run(settings("foreign_key_join"), [&](int) {
    std::vector<Input> rows;
    for (int i = 0; i < 2'000; ++i, ++number) {
      Input& row = rows.emplace_back();
      row.key = "r" + std::to_string(number * 7 % kRows);
      if (number % 11 == 0) {
        left.erase(*row.key);
      } else {
        row.value = "o" + std::to_string(number * 13 % kOthers) + "/" + std::to_string(number);
        left[*row.key] = *row.value;
      }
    }
    world().write(in, rows);
    // If a row of an earlier reference were left over, it would be emitted again now.
    std::vector<Input> others;
    for (auto& [key, value] : right) others.push_back({key, value = "w" + std::to_string(number)});
    world().write(in + "-other", others);
  });
  std::map<std::string, std::string> expected;
  for (const auto& [key, value] : left) expected[key] = value + "+" + right.at(value.substr(0, value.find('/')));
  const auto joined = table_of(world().read(out));
  BOOST_CHECK_EQUAL(joined.size(), expected.size());
  for (const auto& [key, value] : joined) {
    const auto found = expected.find(key);
    BOOST_CHECK_MESSAGE(found != expected.end() && found->second == value, key << " is " << value);
  }
}

BOOST_FIXTURE_TEST_CASE(a_second_process_is_refused_naming_the_owner_of_the_state, Place) {
  if (!kafka) return;  // the embedded broker has one process anyway
  const World world;
  world.create(in, 1);
  world.create(out, 1);
  const Child first(arguments(address(), in, out, id, state.path()));
  first.wait_until_running();
  Child second(arguments(address(), in, out, id, state.path()));
  BOOST_CHECK_EQUAL(second.wait(), 1);
  wait_until("its message", [&] { return !second.failure().empty(); });
  BOOST_CHECK_MESSAGE(second.failure().find("is in use by process") != std::string::npos, second.failure());
}

BOOST_FIXTURE_TEST_CASE(processes_take_over_from_each_other, Place) {
  if (!kafka) return;
  const World world;
  world.create(in, 4);
  world.create(out, 2);
  const TempDir other_state;
  int written = 0;
  const auto write = [&](int count) {
    world.write(in, keyed(count, 50));
    written += count;
  };
  write(3000);
  auto first = std::make_unique<Child>(arguments(address(), in, out, id, state.path()));
  auto second = std::make_unique<Child>(arguments(address(), in, out, id, other_state.path()));
  first->wait_until_running();
  second->wait_until_running();
  write(3000);
  first->wait_until_processed(100);
  first->kill();  // its tasks move once its session has timed out
  write(3000);
  (void)world.read_count(out, static_cast<std::size_t>(written));
  first = std::make_unique<Child>(arguments(address(), in, out, id, state.path()));
  first->wait_until_running();
  write(3000);
  second->kill();
  (void)world.read_count(out, static_cast<std::size_t>(written));
  first->signal(SIGTERM);
  BOOST_CHECK_EQUAL(first->wait(), 0);
  check_counted_once(world.read(out), written);
}

BOOST_FIXTURE_TEST_CASE(a_zombie_writes_nothing, Place) {
  if (!kafka) return;
  const World world;
  world.create(in, 2);
  world.create(out, 2);
  const TempDir other_state;
  int written = 0;
  const auto write = [&](int count) {
    world.write(in, keyed(count, 50));
    written += count;
  };
  write(2000);
  Child zombie(arguments(address(), in, out, id, state.path()));
  zombie.wait_until_running();
  (void)world.read_count(out, static_cast<std::size_t>(written));
  // Stops the process in the middle of its work: it has polled records whose results are not sent yet.
  write(20'000);
  zombie.wait_until_processed(6000);
  zombie.signal(SIGSTOP);
  Child heir(arguments(address(), in, out, id, other_state.path()));
  heir.wait_until_running();
  (void)world.read_count(out, static_cast<std::size_t>(written));
  zombie.signal(SIGCONT);
  write(2000);
  (void)world.read_count(out, static_cast<std::size_t>(written));
  // The continued process joins the group again as a normal member.
  zombie.wait_until_running();
  write(2000);
  (void)world.read_count(out, static_cast<std::size_t>(written));
  for (Child* child : {&zombie, &heir}) {
    child->signal(SIGTERM);
    BOOST_CHECK_EQUAL(child->wait(), 0);
  }
  check_counted_once(world.read(out), written);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
