// SPDX-License-Identifier: Apache-2.0
// Names, tags, levels and lifetime of metrics.
#define BOOST_TEST_DYN_LINK
#include "metrics/registry.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <optional>
#include <thread>

#include "unit/metrics/hand_turned_clock.hpp"

namespace millrace::detail {
namespace {

constexpr auto kInfo = RecordingLevel::info;
constexpr auto kDebug = RecordingLevel::debug;
const std::string kGroup = "stream-task-metrics";

struct Fixture {
  HandTurnedClock clock;
  MetricsRegistry registry{clock, {}};
  Counter counter;
  Observations observations;

  [[nodiscard]] double number(const std::string& name, const MetricTags& tags = {}) {
    const Metrics metrics = registry.snapshot();
    const Metric* metric = metrics.find(kGroup, name, tags);
    BOOST_REQUIRE_MESSAGE(metric != nullptr, name);
    return metric->number();
  }
};

BOOST_FIXTURE_TEST_SUITE(Registry, Fixture)

BOOST_AUTO_TEST_CASE(names_describes_and_tags_a_counter_as_kafka_streams_does) {
  MetricScope scope(registry, kGroup, {{"task-id", "0_1"}});
  scope.rate_and_total(kInfo, "process", "calls to process", counter);
  counter.add(3);
  const Metrics metrics = registry.snapshot();
  BOOST_TEST(metrics.size() == 2U);
  const Metric* total = metrics.find(kGroup, "process-total");
  BOOST_REQUIRE(total != nullptr);
  BOOST_TEST(total->description == "The total number of calls to process");
  BOOST_TEST((total->tags == MetricTags{{"task-id", "0_1"}}));
  BOOST_TEST(total->number() == 3.0);
  BOOST_TEST(total->text() == "3");
  BOOST_REQUIRE(metrics.find(kGroup, "process-rate") != nullptr);
  BOOST_TEST(metrics.find(kGroup, "process-rate")->number() == 0.1);  // 3 in 30 s
}

BOOST_AUTO_TEST_CASE(rates_go_on_when_the_wall_clock_is_set_back) {
  MetricScope scope(registry, kGroup, {});
  scope.rate_and_total(kInfo, "process", "calls to process", counter);
  clock.set_back(1h);
  for (int second = 0; second < 60; ++second) {
    counter.add(5);
    clock.advance(1s);
    registry.look();
  }
  BOOST_TEST(number("process-rate") == 5.0);
}

BOOST_AUTO_TEST_CASE(a_snapshot_stays_as_it_was) {
  MetricScope scope(registry, kGroup, {});
  scope.total(kInfo, "a", "things", counter);
  const Metrics before = registry.snapshot();
  counter.add();
  BOOST_TEST(before.find(kGroup, "a")->number() == 0.0);
  BOOST_TEST(number("a") == 1.0);
}

BOOST_AUTO_TEST_CASE(tags_tell_metrics_of_one_name_apart) {
  Counter other;
  MetricScope first(registry, kGroup, {{"task-id", "0_0"}, {"thread-id", "t"}});
  MetricScope second(registry, kGroup, {{"task-id", "0_1"}, {"thread-id", "t"}});
  first.total(kInfo, "a", "things", counter);
  second.total(kInfo, "a", "things", other);
  counter.add(1);
  other.add(10);
  BOOST_TEST(number("a", {{"task-id", "0_1"}}) == 10.0);
  BOOST_TEST(registry.snapshot().sum(kGroup, "a", {{"thread-id", "t"}}) == 11.0);
  BOOST_TEST(registry.snapshot().sum(kGroup, "a", {{"thread-id", "u"}}) == 0.0);
  BOOST_TEST(registry.snapshot().find(kGroup, "a", {{"thread-id", "u"}}) == nullptr);
  BOOST_TEST(registry.snapshot().find("stream-metrics", "a") == nullptr);
}

BOOST_AUTO_TEST_CASE(averages_and_maxima_are_those_of_the_samples) {
  MetricScope scope(registry, kGroup, {});
  scope.average_and_max(kInfo, "latency", "latency in ms", observations);
  BOOST_TEST(std::isnan(number("latency-avg")));
  BOOST_TEST(std::isnan(number("latency-max")));
  observations.record(1);
  observations.record(4);
  BOOST_TEST(number("latency-avg") == 2.5);
  BOOST_TEST(number("latency-max") == 4.0);
  for (int i = 0; i < 90; ++i) {
    clock.advance(1s);
    registry.look();
  }
  BOOST_TEST(std::isnan(number("latency-avg")));
  BOOST_TEST(std::isnan(number("latency-max")));
}

BOOST_AUTO_TEST_CASE(computes_a_ratio_of_two_increases) {
  Counter whole;
  whole.add(1'000);
  MetricScope scope(registry, kGroup, {});
  scope.ratio(kInfo, "process-ratio", "The fraction", counter, whole);
  BOOST_TEST(std::isnan(number("process-ratio")));
  counter.add(30);
  whole.add(120);
  BOOST_TEST(number("process-ratio") == 0.25);
}

BOOST_AUTO_TEST_CASE(reads_gauges_at_each_snapshot_even_text_ones) {
  std::string state = "RUNNING";
  MetricScope scope(registry, kGroup, {});
  scope.gauge(kInfo, "state", "The state", [&] { return state; });
  BOOST_TEST(registry.snapshot().find(kGroup, "state")->text() == "RUNNING");
  BOOST_TEST(std::isnan(registry.snapshot().find(kGroup, "state")->number()));
  state = "ERROR";
  BOOST_TEST(registry.snapshot().find(kGroup, "state")->text() == "ERROR");
}

BOOST_AUTO_TEST_CASE(metrics_above_the_recording_level_are_not_there) {
  MetricScope scope(registry, kGroup, {});
  scope.rate_and_total(kDebug, "process", "calls", counter);
  scope.average_and_max(kDebug, "latency", "latency", observations);
  BOOST_TEST(registry.snapshot().empty());

  MetricsRegistry detailed(clock, {kDebug, {}});
  MetricScope shown(detailed, kGroup, {});
  shown.rate_and_total(kDebug, "process", "calls", counter);
  shown.rate_and_total(RecordingLevel::trace, "traced", "calls", counter);
  BOOST_TEST(detailed.snapshot().size() == 2U);
}

BOOST_AUTO_TEST_CASE(metrics_go_with_their_scope) {
  std::optional<MetricScope> scope(std::in_place, registry, kGroup, MetricTags{});
  scope->total(kInfo, "a", "things", counter);
  BOOST_TEST(registry.snapshot().size() == 1U);
  scope.reset();
  BOOST_TEST(registry.snapshot().empty());
}

// The thread sanitizer runs this test as well.
BOOST_AUTO_TEST_CASE(can_be_read_while_a_thread_counts_and_scopes_come_and_go) {
  constexpr int kRounds = 2'000;
  std::atomic<bool> done = false;
  MetricScope stays(registry, kGroup, {});
  stays.rate_and_total(kInfo, "process", "calls", counter);
  stays.average_and_max(kInfo, "latency", "latency", observations);
  std::thread writer([&] {
    for (int i = 1; i <= kRounds; ++i) {
      counter.add();
      observations.record(i);
      MetricScope goes(registry, kGroup, {{"task-id", std::to_string(i)}});
      goes.total(kInfo, "short-lived", "calls", counter);
    }
    done = true;
  });
  double last = 0;
  bool grows = true;
  while (!done) {
    const double now = number("process-total");
    grows = grows && now >= last;
    last = now;
  }
  writer.join();
  BOOST_TEST(grows);
  BOOST_TEST(number("process-total") == kRounds);
  BOOST_TEST(number("latency-max") == kRounds);
  BOOST_TEST(registry.snapshot().sum(kGroup, "short-lived") == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
