// SPDX-License-Identifier: Apache-2.0
// The metrics of stream threads and tasks.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/thread_metrics.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "unit/metrics/hand_turned_clock.hpp"

namespace millrace::detail {
namespace {

/// A thread whose clock only moves when a test moves it.
struct Fixture {
  HandTurnedClock clock;
  ClientMetrics client{clock, {}, "app"};
  std::string state = "RUNNING";
  ThreadMetrics thread{client, "app-StreamThread-1", [this] { return state; }};

  [[nodiscard]] double number(const std::string& name, const std::string& group = kThreadGroup,
                              const MetricTags& tags = {}) {
    const Metrics metrics = client.registry.snapshot();
    const Metric* metric = metrics.find(group, name, tags);
    BOOST_REQUIRE_MESSAGE(metric != nullptr, name);
    return metric->number();
  }

  /// Polls for 10 ms, restores for 5, processes for 20, punctuates for 1, commits for 4.
  void round(TaskMetrics& task, int records) {
    thread.begin_round();
    clock.advance(10ms);
    thread.polled(static_cast<std::size_t>(records));
    clock.advance(5ms);
    thread.begin_processing();
    clock.advance(20ms);
    for (int i = 0; i < records; ++i) task.processed.add();
    thread.processed(task);
    thread.end_processing();
    clock.advance(1ms);
    thread.punctuated(1);
    const auto begin = thread.nanos();
    clock.advance(4ms);
    thread.committed(begin);
  }
};

BOOST_FIXTURE_TEST_SUITE(ThreadMetricsSuite, Fixture)

BOOST_AUTO_TEST_CASE(measure_the_phases_of_a_round) {
  const auto task = thread.of_task({0, 1});
  round(*task, 10);
  thread.begin_round();
  BOOST_TEST(number("poll-latency-avg") == 10.0);
  BOOST_TEST(number("poll-records-max") == 10.0);
  BOOST_TEST(number("process-latency-avg") == 2.0);  // ms per record
  BOOST_TEST(number("process-records-avg") == 10.0);
  BOOST_TEST(number("punctuate-latency-max") == 1.0);
  BOOST_TEST(number("commit-latency-avg") == 4.0);
  BOOST_TEST(number("poll-ratio") == 0.25);
  BOOST_TEST(number("process-ratio") == 0.5);
  BOOST_TEST(number("punctuate-ratio") == 0.025);
  BOOST_TEST(number("commit-ratio") == 0.1);
}

BOOST_AUTO_TEST_CASE(count_for_the_thread_the_task_and_the_client) {
  const auto task = thread.of_task({0, 1});
  round(*task, 10);
  round(*task, 5);
  BOOST_TEST(number("process-total") == 15.0);
  BOOST_TEST(number("poll-total") == 2.0);
  BOOST_TEST(number("punctuate-total") == 2.0);
  BOOST_TEST(number("commit-total") == 2.0);
  BOOST_TEST(number("process-total", kClientGroup) == 15.0);
  BOOST_TEST(number("commit-total", kClientGroup) == 2.0);
}

BOOST_AUTO_TEST_CASE(count_what_a_task_processed_before_it_failed) {
  const auto task = thread.of_task({0, 1});
  thread.begin_round();
  thread.begin_processing();
  task->processed.add(3);  // then the task fails
  thread.task_closed(*task);
  BOOST_TEST(number("process-total") == 3.0);
  BOOST_TEST(number("task-closed-total") == 1.0);
}

BOOST_AUTO_TEST_CASE(show_the_share_of_each_task) {
  const auto first = thread.of_task({0, 0});
  const auto second = thread.of_task({0, 1});
  thread.begin_processing();
  clock.advance(30ms);
  first->processed.add();
  thread.processed(*first);
  clock.advance(10ms);
  second->processed.add();
  thread.processed(*second);
  BOOST_TEST(number("active-process-ratio", kTaskGroup, {{"task-id", "0_0"}}) == 0.75);
  BOOST_TEST(number("active-process-ratio", kTaskGroup, {{"task-id", "0_1"}}) == 0.25);
}

BOOST_AUTO_TEST_CASE(have_one_object_for_each_task) {
  const auto task = thread.of_task({0, 1});
  BOOST_TEST(thread.of_task({0, 1}) == task);
  BOOST_TEST(thread.of_task({1, 0}) != task);
}

BOOST_AUTO_TEST_CASE(go_with_the_task_and_with_the_thread) {
  auto task = thread.of_task({0, 1});
  (void)task->input("source", "in");
  (void)task->produced("sink", "out");
  BOOST_TEST(number("records-consumed-total", kTopicGroup, {{"topic", "in"}, {"processor-node-id", "source"}}) == 0.0);
  BOOST_TEST(number("bytes-produced-total", kTopicGroup, {{"topic", "out"}, {"processor-node-id", "sink"}}) == 0.0);
  task.reset();
  BOOST_TEST(client.registry.snapshot().find(kTaskGroup, "dropped-records-total") == nullptr);
  BOOST_TEST(client.registry.snapshot().find(kTopicGroup, "records-consumed-total") == nullptr);
  BOOST_TEST(client.registry.snapshot().find(kThreadGroup, "state")->text() == "RUNNING");
  thread.close();
  BOOST_TEST(client.registry.snapshot().find(kThreadGroup, "state") == nullptr);
  BOOST_TEST(client.registry.snapshot().find(kClientGroup, "process-total") != nullptr);
}

BOOST_AUTO_TEST_CASE(count_the_bytes_of_records_as_kafka_streams_does) {
  const auto task = thread.of_task({0, 1});
  TopicTotals& totals = task->produced("sink", "out");
  totals.add("key", "value", {});
  totals.add(std::nullopt, std::nullopt, {{"h", "12"}, {"n", std::nullopt}});
  BOOST_TEST(number("records-produced-total", kTopicGroup) == 2.0);
  // Each record counts 23 bytes for topic, timestamp, offset and partition. Key and value of the first record have 8
  // bytes. The headers of the second record have 4.
  BOOST_TEST(number("bytes-produced-total", kTopicGroup) == 2 * 23.0 + 8 + 4);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
