// SPDX-License-Identifier: Apache-2.0
// Members of one group have different versions of the application or different views of the topics. Each record must
// be processed by one of them only (docs/group-protocol.md).
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "integration/runtime/more_partitions.hpp"
#include "integration/runtime/world.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;

struct Members : World {
  const S out = topic("out");
  const S id = unique("app");
  int written = 0;

  /// A new member with its own state directory. It is not started yet.
  App& add(const Topology& topology) {
    directories_.push_back(std::make_unique<TempDir>());
    apps.push_back(std::make_unique<App>(*this, topology, config(id, "exactly_once_v2", directories_.back()->path())));
    return *apps.back();
  }
  App& start(const Topology& topology) {
    App& app = add(topology);
    app.start();
    return app;
  }
  void write_some(const S& topic, int count = 60) {
    std::vector<Input> records;
    for (int i = 0; i < count; ++i, ++written) {
      records.push_back({"k" + std::to_string(written % 30), "v" + std::to_string(written)});
    }
    write(topic, records);
  }
  /// Waits. In this time, members with the same views would agree about the tasks.
  static void let_pass(Millis time) { std::this_thread::sleep_for(time); }

  void wait_until_written() {
    wait_until(std::to_string(written) + " results",
               [&] { return read(out).size() >= static_cast<std::size_t>(written); });
  }
  void close_all() {
    for (const auto& app : apps) BOOST_CHECK(app->streams.close(kPatience));
    for (const auto& app : apps) {
      for (const S& failure : app->failures()) BOOST_ERROR(failure);
    }
  }
  /// Checks that each written record has one result.
  void check_once() {
    std::map<S, int> times;
    for (const Row& row : read(out)) ++times[row.value.value_or("")];
    const auto twice = std::ranges::count_if(times, [](const auto& entry) { return entry.second > 1; });
    BOOST_CHECK_MESSAGE(twice == 0, twice << " of " << written << " records were processed more than once");
    BOOST_CHECK_EQUAL(times.size(), static_cast<std::size_t>(written));
  }
  static bool is_running(const App& app) { return app.streams.state() == Streams::State::running; }

 private:
  std::vector<std::unique_ptr<TempDir>> directories_;  // outlive the applications

 public:
  std::vector<std::unique_ptr<App>> apps;
};

BOOST_FIXTURE_TEST_SUITE(Ownership, Members)

BOOST_DATA_TEST_CASE(has_one_holder_during_a_rolling_update, data::make({true, false}), forward) {
  const S orders = topic("orders", 3);
  const S customers = topic("customers", 3);
  StreamsBuilder plain;
  plain.stream<S, S>(orders).to(out);
  StreamsBuilder joined;
  const auto table = joined.table<S, S>(customers, Materialized::as("customers"));
  joined.stream<S, S>(orders).left_join(table, [](const S& order, const S*) { return order; }).to(out);
  const Topology before = forward ? plain.build() : joined.build();
  const Topology after = forward ? joined.build() : plain.build();

  App& first = add(before);
  first.run_until_running();
  App& second = add(before);
  second.run_until_running();
  write_some(orders);
  App& third = start(after);
  for (int i = 0; i < 3; ++i) {
    write_some(orders);
    let_pass(Millis(500));
  }
  BOOST_CHECK(first.streams.close(kPatience));
  App& fourth = start(after);
  for (int i = 0; i < 3; ++i) {
    write_some(orders);
    let_pass(Millis(500));
  }
  BOOST_CHECK(second.streams.close(kPatience));
  write_some(orders);
  wait_until("the new version runs", [&] { return is_running(third) && is_running(fourth); });
  wait_until_written();
  close_all();
  check_once();
}

BOOST_AUTO_TEST_CASE(has_one_holder_when_a_topic_comes_that_sorts_first) {
  const S prefix = unique("pattern");
  create(prefix + "-b", 3);
  StreamsBuilder builder;
  builder.stream<S, S>(Pattern{prefix + "-[a-z]"}).to(out);
  const Topology topology = builder.build();
  App& first = add(topology);
  first.run_until_running();
  write_some(prefix + "-b");
  create(prefix + "-a", 3);
  // The first one will not look at the topics for minutes by itself.
  App& second = start(topology);
  for (int i = 0; i < 6; ++i) {
    write_some(prefix + "-b");
    write_some(prefix + "-a", 30);
    let_pass(Millis(300));
  }
  wait_until("both run", [&] { return is_running(first) && is_running(second); });
  wait_until_written();
  close_all();
  check_once();
}

BOOST_AUTO_TEST_CASE(has_one_holder_when_a_companion_topic_gets_more_partitions) {
  // The embedded broker cannot raise the number of partitions. tests/chaos/views_test.cpp simulates that.
  if (!on_kafka()) return;
  const S lead = topic("a", 3);
  const S companion = topic("b", 2);
  StreamsBuilder builder;
  builder.stream<S, S>(lead).merge(builder.stream<S, S>(companion)).to(out);
  const Topology topology = builder.build();
  App& first = add(topology);
  first.run_until_running();
  write_some(lead);
  write_some(companion);
  raise_partitions(companion, 5);
  // The first one will not look at the topics for minutes by itself.
  App& second = start(topology);
  for (int i = 0; i < 6; ++i) {
    write_some(lead);
    write_some(companion);
    let_pass(Millis(300));
  }
  wait_until("both run", [&] { return is_running(first) && is_running(second); });
  wait_until_written();
  close_all();
  check_once();
}

BOOST_AUTO_TEST_CASE(waits_until_a_member_of_an_earlier_version_has_left) {
  const S in = topic("in", 4);
  StreamsBuilder builder;
  builder.stream<S, S>(in).to(out);
  App& app = add(builder.build());
  app.run_until_running();
  write_some(in);
  wait_until_written();

  // A member that shows no plan in its client.id. It reads the partitions that the group assigns.
  struct Listener : RebalanceListener {
    std::vector<TopicPartition> on_partitions_assigned(const std::vector<TopicPartition>& partitions) override {
      owned += partitions.size();
      return partitions;
    }
    std::vector<TopicPartition> on_partitions_revoked(const std::vector<TopicPartition>& partitions) override {
      owned -= partitions.size();
      return partitions;
    }
    std::vector<TopicPartition> on_partitions_lost(const std::vector<TopicPartition>& partitions) override {
      return on_partitions_revoked(partitions);
    }
    std::size_t owned = 0;
  } listener;
  auto earlier = broker->make_consumer({{"group.id", id},
                                        {"client.id", id + "-StreamThread-1-consumer"},
                                        {"auto.offset.reset", "earliest"},
                                        {"session.timeout.ms", "6000"},
                                        {"heartbeat.interval.ms", "500"},
                                        {"partition.assignment.strategy", "cooperative-sticky"}});
  earlier->subscribe({in}, listener);
  const auto poll = [&] {
    std::vector<ConsumerRecord> records;
    earlier->poll(records, 100, Millis(20));
  };
  wait_until("the earlier version has its share", [&] {
    poll();
    return listener.owned == 2;
  });
  wait_until("the other one waits", [&] {
    poll();
    return !is_running(app);
  });
  write_some(in);
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < Millis(2000)) poll();
  // The application has processed nothing, not even the partitions that the other member does not have.
  BOOST_CHECK_EQUAL(read(out).size(), 60U);
  BOOST_CHECK(app.failures().empty());
  BOOST_CHECK(app.streams.state() == Streams::State::rebalancing);

  earlier.reset();
  wait_until_written();
  close_all();
  check_once();
}

BOOST_DATA_TEST_CASE(survives_the_deletion_of_one_of_two_topics_of_a_pattern, data::make({"a", "b"}), deleted) {
  const S prefix = unique("pattern");
  create(prefix + "-a", 2);
  create(prefix + "-b", 2);
  const S rest = prefix + (S(deleted) == "a" ? "-b" : "-a");
  StreamsBuilder builder;
  builder.stream<S, S>(Pattern{prefix + "-[a-z]"}).to(out);
  App& app = add(builder.build());
  app.run_until_running();
  write_some(prefix + "-a");
  write_some(prefix + "-b");
  wait_until_written();
  admin->delete_topic(prefix + "-" + deleted, kPatience);
  // librdkafka reports the deletion after 10 s. Without that report, the member would notice it after
  // metadata.max.age.ms, 5 minutes.
  for (int i = 0; i < 20; ++i) {
    write_some(rest, 10);
    let_pass(Millis(1000));
  }
  wait_until(
      "it runs", [&] { return is_running(app) || !app.failures().empty(); }, Millis(30'000));
  write_some(rest);
  wait_until(
      std::to_string(written) + " results", [&] { return read(out).size() >= static_cast<std::size_t>(written); },
      Millis(30'000));
  close_all();
  check_once();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
