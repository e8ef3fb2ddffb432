// SPDX-License-Identifier: Apache-2.0
// How global tables are filled at the start, and how they follow their topics.
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "integration/runtime/child.hpp"
#include "integration/runtime/more_partitions.hpp"
#include "integration/runtime/world.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "support/captured_stderr.hpp"
#include "support/repetitions.hpp"

namespace millrace::runtime_test {
namespace {

using S = std::string;
using Clock = std::chrono::steady_clock;

Millis since(Clock::time_point begin) { return std::chrono::duration_cast<Millis>(Clock::now() - begin); }

struct GlobalWorld : World {
  S names = topic("names", 2);
  S in = topic("in");
  S out = topic("out");
  S id = unique("app");
  TempDir state;

  /// Joins each value with its name in a global table.
  [[nodiscard]] Topology join() const {
    StreamsBuilder builder;
    const auto table = builder.global_table<S, S>(names, Materialized::as("names"));
    builder.stream<S, S>(in)
        .left_join(
            table, [](const S&, const S& value) { return value; },
            [](const S& value, const S* name) { return value + "=" + (name == nullptr ? "?" : *name); })
        .to(out);
    return builder.build();
  }
  /// Writes `key` to the input, and returns its result.
  S lookup(const S& key) {
    write(in, {{"x", key}});
    return read_count(out, ++written_).back().value.value_or("null");
  }

 private:
  std::size_t written_ = 0;
};

/// Where another process can be started: uses Kafka if it is the broker under test. Otherwise the process opens an
/// embedded broker that only it uses.
struct Place {
  TempDir directory;
  TempDir state;
  S in = World::unique("rows");
  S id = World::unique("app");

  [[nodiscard]] static World world_at(const S& directory) {
    return World::on_kafka() ? World() : World(Broker::embedded(directory));
  }
  [[nodiscard]] World world() const { return world_at(directory.path().string()); }
  [[nodiscard]] S address() const {
    return World::on_kafka() ? World().broker->address() : "embedded:" + directory.path().string();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(GlobalTables)

BOOST_FIXTURE_TEST_CASE(can_be_closed_while_they_are_filled, GlobalWorld) {
  // 20 seconds of work.
  write(names, keyed(20'000, 20'000));
  App app(*this, slow_global_store(names), config(id, "at_least_once", state.path()));
  const auto begin = Clock::now();
  app.start();
  BOOST_TEST(since(begin).count() < 10'000);
  BOOST_TEST(to_string(app.streams.state()) == S("REBALANCING"));
  const auto closing = Clock::now();
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(since(closing).count() < 10'000 * test::kSlowness);
  BOOST_TEST(app.streams.error() == "");
}

BOOST_FIXTURE_TEST_CASE(come_up_although_the_process_is_killed_again_and_again, Place) {
  {
    const World world = this->world();
    world.create(in, 1);
    // At least 5 seconds of work, but too little data for RocksDB to flush its memory by itself.
    world.write(in, keyed(5'000, 5'000));
  }
  bool up = false;
  int starts = 0;
  for (; !up && starts < 30; ++starts) {
    Child child({address(), in, "unused", "topology=slow_global_store", "application.id=" + id,
                 "state.dir=" + state.path().string()});
    const auto begin = Clock::now();
    while (!up && since(begin) < Millis(3'500)) {
      std::this_thread::sleep_for(Millis(20));
      up = child.status().state == "RUNNING";
    }
    child.kill();
  }
  BOOST_TEST_MESSAGE("came up at start " << starts);
  BOOST_TEST(up);
}

BOOST_FIXTURE_TEST_CASE(end_at_sigterm_while_they_are_filled, Place) {
  {
    const World world = this->world();
    world.create(in, 1);
    world.write(in, keyed(30'000, 30'000));
  }
  Child child({address(), in, "unused", "topology=slow_global_store", "application.id=" + id,
               "state.dir=" + state.path().string()});
  wait_until("it fills its store", [&] { return child.status().state == "REBALANCING"; });
  const auto begin = Clock::now();
  child.signal(SIGTERM);
  BOOST_TEST(child.wait() == 0);
  // Filling takes 30 seconds. The limit is generous, because the machine may be busy.
  BOOST_TEST(since(begin).count() < 10'000 * test::kSlowness);
}

BOOST_FIXTURE_TEST_CASE(warn_while_an_open_transaction_holds_them_up, GlobalWorld) {
  const auto producer = broker->make_producer({{"transactional.id", unique("writer")}}, nullptr);
  producer->init_transactions(kPatience);
  producer->begin_transaction();
  producer->send({names, 0, "1", "one", std::nullopt, nullptr});
  producer->flush(kPatience);
  App app(*this, join(), config(id, "exactly_once_v2", state.path()).set("millrace.connect.timeout.ms", "3000"));
  {
    const CapturedStderr log;
    app.start();
    wait_until("the warning", [&] { return log.text().find("the global stores wait for " + names + "-0") != S::npos; });
    BOOST_TEST(log.text().find("a transaction is open there") != S::npos);
  }
  producer->commit_transaction(kPatience);
  wait_until("it runs", [&] { return app.streams.state() == Streams::State::running; });
  BOOST_TEST(lookup("1") == "1=one");
  BOOST_TEST(app.streams.close(kPatience));
}

BOOST_FIXTURE_TEST_CASE(follow_a_topic_that_is_made_anew, GlobalWorld) {
  write(names, {{"1", "one"}, {"2", "two"}, {"3", "three"}, {"4", "four"}});
  App app(*this, join(), config(id, "at_least_once", state.path()).set("metadata.max.age.ms", "500"));
  app.run_until_running();
  BOOST_TEST(lookup("2") == "2=two");
  admin->delete_topic(names, kPatience);
  wait_until("the topic is gone", [&] { return !admin->describe_topic(names, kPatience).has_value(); });
  create(names, 2);
  write(names, {{"1", "uno"}});
  wait_until("the new row is seen", [&] { return lookup("1") == "1=uno"; });
  BOOST_TEST(lookup("2") == "2=?");
  BOOST_TEST(app.streams.close(kPatience));
  BOOST_TEST(app.failures().empty());
}

BOOST_FIXTURE_TEST_CASE(read_partitions_that_their_topic_gets_later, GlobalWorld) {
  // The embedded broker cannot raise the number of partitions. tests/unit/runtime/global_thread_test.cpp simulates
  // that.
  if (!World::on_kafka()) return;
  write(names, {{"1", "one"}});
  App app(*this, join(), config(id, "at_least_once", state.path()).set("metadata.max.age.ms", "500"));
  app.run_until_running();
  BOOST_TEST(lookup("1") == "1=one");
  raise_partitions(names, 4);
  wait_until("the partitions exist", [&] {
    const auto found = admin->describe_topic(names, kPatience);
    return found && found->partitions == 4;
  });
  write(names, {{"5", "five", 1000, {}, 3}});
  wait_until("the row is seen", [&] { return lookup("5") == "5=five"; });
  BOOST_TEST(app.streams.close(kPatience));
  // The next start continues in all partitions.
  write(names, {{"6", "six", 1000, {}, 3}});
  App second(*this, join(), config(id, "at_least_once", state.path()));
  second.run_until_running();
  BOOST_TEST(lookup("6") == "6=six");
  BOOST_TEST(lookup("5") == "5=five");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::runtime_test
