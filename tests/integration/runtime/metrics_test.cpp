// SPDX-License-Identifier: Apache-2.0
// What Streams::metrics() shows of a running application.
#define BOOST_TEST_DYN_LINK
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <thread>

#include "integration/runtime/world.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"

namespace millrace::runtime_test {
namespace {

using Text = std::optional<std::string>;

constexpr int kRecords = 300;
constexpr int kWithoutKey = 7;
const std::string kThreads = "stream-thread-metrics";
const std::string kTasks = "stream-task-metrics";
const std::string kTopics = "stream-topic-metrics";
const std::string kClient = "stream-metrics";

/// An application that counts by key. Its input contains records without key, which are dropped.
struct Observed : World {
  std::string in = topic("in", 2);
  std::string out = topic("out");
  std::string id = unique("app");
  TempDir state;

  [[nodiscard]] Topology counting() const {
    StreamsBuilder builder;
    builder.stream<Text, std::string>(in, Consumed::as("source"))
        .group_by_key()
        .count(Materialized::as("counts"))
        .to_stream()
        .to(out, Produced::as("sink"));
    return builder.build();
  }
  [[nodiscard]] StreamsConfig settings(const std::string& threads = "2") const {
    return config(id, "exactly_once_v2", state.path()).set("num.stream.threads", threads).set("client.id", "client");
  }
  void write_all() const {
    write(in, keyed(kRecords, 10));
    write(in, std::vector<Input>(kWithoutKey, Input{std::nullopt, "x"}));
  }
};

double number(const Metrics& metrics, const std::string& group, const std::string& name, const MetricTags& tags = {}) {
  const Metric* metric = metrics.find(group, name, tags);
  BOOST_REQUIRE_MESSAGE(metric != nullptr, group + " " + name);
  return metric->number();
}

BOOST_FIXTURE_TEST_SUITE(MetricsSuite, Observed)

BOOST_AUTO_TEST_CASE(show_client_threads_tasks_and_topics_of_a_running_application) {
  write_all();
  // One thread only: a task that moves to a second thread would leave its counters at the first.
  App app(*this, counting(), settings("1"));
  BOOST_CHECK_EQUAL(app.streams.metrics().find(kClient, "state")->text(), "CREATED");
  app.run_until_running();
  wait_until("everything is committed", [&] {
    const auto committed = app.streams.committed_offsets();
    std::int64_t sum = 0;
    for (const auto& [partition, offset] : committed) sum += partition.topic == in ? offset : 0;
    return sum >= kRecords + kWithoutKey && app.streams.counters().processed_records == kRecords + kWithoutKey;
  });
  const Metrics metrics = app.streams.metrics();
  const MetricTags client{{"client-id", "client"}};
  BOOST_CHECK_EQUAL(metrics.find(kClient, "state", client)->text(), "RUNNING");
  BOOST_CHECK_EQUAL(metrics.find(kClient, "application-id", client)->text(), id);
  BOOST_CHECK_EQUAL(number(metrics, kClient, "alive-stream-threads", client), 1);
  BOOST_CHECK_EQUAL(number(metrics, kClient, "failed-stream-threads", client), 0);
  BOOST_CHECK_EQUAL(metrics.sum(kClient, "process-total"), kRecords + kWithoutKey);

  const MetricTags first{{"thread-id", "client-StreamThread-1"}};
  BOOST_CHECK_EQUAL(metrics.find(kThreads, "state", first)->text(), "RUNNING");
  BOOST_CHECK_EQUAL(metrics.sum(kThreads, "process-total"), kRecords + kWithoutKey);
  BOOST_CHECK_EQUAL(metrics.sum(kThreads, "task-created-total"), 2);
  BOOST_CHECK_GE(metrics.sum(kThreads, "commit-total"), 1);
  BOOST_CHECK_GT(number(metrics, kThreads, "poll-rate", first), 0);
  BOOST_CHECK_GT(number(metrics, kThreads, "poll-latency-max", first), 0);
  BOOST_CHECK_GT(number(metrics, kThreads, "poll-ratio", first), 0);
  BOOST_CHECK_LE(number(metrics, kThreads, "poll-ratio", first), 1);

  BOOST_CHECK_EQUAL(metrics.sum(kTasks, "dropped-records-total"), kWithoutKey);
  BOOST_CHECK_EQUAL(metrics.sum(kTasks, "dropped-records-by-reason-total", {{"reason", "null-key"}}), kWithoutKey);
  BOOST_CHECK_EQUAL(metrics.sum(kTasks, "restore-remaining-records-total"), 0);
  for (const char* task : {"0_0", "0_1"}) {
    BOOST_CHECK(metrics.find(kTasks, "dropped-records-rate", {{"task-id", task}}) != nullptr);
  }

  const MetricTags consumed{{"topic", in}, {"processor-node-id", "source"}};
  BOOST_CHECK_EQUAL(metrics.sum(kTopics, "records-consumed-total", consumed), kRecords + kWithoutKey);
  BOOST_CHECK_GT(metrics.sum(kTopics, "bytes-consumed-total", consumed), 20.0 * kRecords);
  const auto written = static_cast<double>(read(out).size());
  BOOST_CHECK_EQUAL(metrics.sum(kTopics, "records-produced-total", {{"topic", out}}), written);
}

BOOST_AUTO_TEST_CASE(end_with_their_threads_except_the_totals) {
  write_all();
  App app(*this, counting(), settings());
  app.run_until_running();
  wait_until("everything is processed",
             [&] { return app.streams.counters().processed_records == kRecords + kWithoutKey; });
  BOOST_CHECK(app.streams.close());
  const Metrics metrics = app.streams.metrics();
  BOOST_CHECK_EQUAL(metrics.find(kClient, "state")->text(), "NOT_RUNNING");
  BOOST_CHECK_EQUAL(number(metrics, kClient, "alive-stream-threads"), 0);
  for (const Metric& metric : metrics) BOOST_CHECK_EQUAL(metric.group, kClient);
  BOOST_CHECK_EQUAL(metrics.sum(kClient, "process-total"), kRecords + kWithoutKey);
  BOOST_CHECK_EQUAL(metrics.sum(kClient, "dropped-records-by-reason-total", {{"reason", "null-key"}}), kWithoutKey);
  const auto counters = app.streams.counters();
  BOOST_CHECK_EQUAL(counters.dropped_records, kWithoutKey);
  BOOST_CHECK_EQUAL(counters.dropped_by_reason.at(DropReason::null_key), kWithoutKey);
  BOOST_CHECK_EQUAL(counters.dropped_by_reason.size(), 1U);
  BOOST_CHECK_GE(counters.commits, 1U);
}

BOOST_AUTO_TEST_CASE(count_restored_records) {
  // One thread: the metrics of a task that moves to another thread begin again.
  const auto in_memory = settings().set("default.dsl.store", "in_memory").set("num.stream.threads", "1");
  write_all();
  {
    App first(*this, counting(), in_memory);
    first.run_until_running();
    wait_until("everything is processed",
               [&] { return first.streams.counters().processed_records == kRecords + kWithoutKey; });
    BOOST_CHECK(first.streams.close());
  }
  App next(*this, counting(), StreamsConfig(in_memory).set("metrics.recording.level", "DEBUG"));
  next.run_until_running();
  const Metrics metrics = next.streams.metrics();
  BOOST_CHECK_GE(metrics.sum(kTasks, "restore-total"), 10);  // a record for each key at least
  BOOST_CHECK_EQUAL(metrics.sum(kTasks, "restore-total"), metrics.sum(kClient, "restore-total"));
  BOOST_CHECK_EQUAL(metrics.sum(kTasks, "restore-remaining-records-total"), 0);
  BOOST_CHECK_EQUAL(next.streams.counters().restored_records, metrics.sum(kClient, "restore-total"));
}

// The thread sanitizer runs this test as well.
BOOST_AUTO_TEST_CASE(can_be_asked_for_all_the_time) {
  write_all();
  App app(*this, counting(), settings().set("metrics.recording.level", "TRACE"));
  std::atomic<bool> done = false;
  std::thread asking([&] {
    while (!done) (void)app.streams.metrics();
  });
  app.run_until_running();
  wait_until("everything is processed",
             [&] { return app.streams.counters().processed_records == kRecords + kWithoutKey; });
  BOOST_CHECK(app.streams.close());
  done = true;
  asking.join();
  BOOST_CHECK_EQUAL(app.streams.counters().dropped_records, kWithoutKey);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
