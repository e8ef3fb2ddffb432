// SPDX-License-Identifier: Apache-2.0
// The reasons for dropped records, and the warnings in the log. (Tests of the operators cover null keys, late records
// and failures.)
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "support/captured_stderr.hpp"
#include "unit/dsl/timeline.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const std::string kTasks = "stream-task-metrics";
const std::string kByReason = "dropped-records-by-reason-total";

auto text_of_both() {
  return [](const S& left, const S& right) { return left + "," + right; };
}

std::size_t count(const S& text, const S& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != S::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// A topology that drops records without a key at node `counted`.
Topology counting() {
  StreamsBuilder builder;
  builder.stream<N, S>("in").group_by_key().count(Named::as("counted"), Materialized::as("store"));
  return builder.build();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(DropReasons)

BOOST_AUTO_TEST_CASE(cover_a_stream_table_join) {
  StreamsBuilder builder;
  const auto table = builder.table<S, S>("table");
  builder.stream<N, N>("in").join(table, text_of_both()).to("out");
  Timeline timeline(builder.build());
  timeline.feed("table a=1 @1");
  timeline.feed("in null=x @2");
  timeline.feed("in a=null @3");
  timeline.feed("in a=x @4");
  BOOST_TEST(drops(timeline.driver()) == "null-value 1, null-join-key 1");
}

BOOST_AUTO_TEST_CASE(cover_a_foreign_key_join) {
  StreamsBuilder builder;
  const auto left = builder.table<S, S>("left");
  const auto right = builder.table<S, S>("right");
  const auto foreign_key = [](const S& value) { return value.starts_with("f") ? N(value.substr(0, 1)) : N(); };
  left.join(right, foreign_key, text_of_both()).to_stream().to("out");
  Timeline timeline(builder.build());
  timeline.feed("left k=none @1");
  BOOST_TEST(drops(timeline.driver()) == "null-foreign-key 1");
}

BOOST_AUTO_TEST_CASE(cover_a_versioned_table) {
  StreamsBuilder builder;
  const auto left = builder.table<S, S>("left", Materialized::as_versioned("v", 1h));
  const auto right = builder.table<S, S>("right");
  left.join(right, text_of_both()).to_stream().to("out");
  Timeline timeline(builder.build());
  timeline.feed("right k=r @1");
  timeline.feed("left k=new @10");
  timeline.feed("left k=old @5");
  BOOST_TEST(drops(timeline.driver()) == "older-version 1");
}

BOOST_AUTO_TEST_CASE(are_metrics_of_the_task_and_of_the_client) {
  Timeline timeline(counting());
  timeline.feed("in null=x @1");
  timeline.feed("in null=x @2");
  timeline.feed("in a=x @3");
  const Metrics metrics = timeline.driver().metrics();
  const MetricTags task{{"task-id", "0_0"}, {"thread-id", "main"}};
  const Metric* all = metrics.find(kTasks, "dropped-records-total", task);
  BOOST_REQUIRE(all != nullptr);
  BOOST_TEST(all->number() == 2.0);
  BOOST_TEST((all->tags == task));
  BOOST_TEST(metrics.sum(kTasks, kByReason, {{"reason", "null-key"}}) == 2.0);
  BOOST_TEST(metrics.sum(kTasks, kByReason) == 2.0);
  BOOST_TEST(metrics.sum("stream-metrics", kByReason, {{"reason", "null-key"}}) == 2.0);
  BOOST_TEST(metrics.sum("stream-metrics", "process-total") == 3.0);
}

BOOST_AUTO_TEST_CASE(survive_a_restart_in_the_client_metrics_only) {
  Timeline timeline(counting());
  timeline.feed("in null=x @1");
  timeline.driver().restart();
  const Metrics metrics = timeline.driver().metrics();
  BOOST_TEST(metrics.sum(kTasks, "dropped-records-total") == 0.0);
  BOOST_TEST(metrics.sum("stream-metrics", kByReason) == 1.0);
  BOOST_TEST(drops(timeline.driver()) == "null-key 1");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(WarningsOfDroppedRecords)

BOOST_AUTO_TEST_CASE(name_the_record_the_node_the_task_and_the_reason) {
  const CapturedStderr captured;
  Timeline timeline(counting());
  timeline.feed("in a=x @7");
  timeline.feed("in null=x @5");
  const S log = captured.text();
  BOOST_TEST(count(log, "warn") == 1U);
  BOOST_TEST(count(log,
                   "dropped (null-key): record in-0 offset 1 at node counted (task 0_0): "
                   "timestamp 5, stream time 7") == 1U);
}

BOOST_AUTO_TEST_CASE(say_what_failed) {
  const CapturedStderr captured;
  StreamsBuilder builder;
  builder.stream<S, S>("in")
      .map_values([](const S&) -> S { throw std::runtime_error("no luck"); }, Named::as("unlucky"))
      .to("out");
  Timeline timeline(builder.build(), StreamsConfig().set("processing.exception.handler", "log-and-continue"));
  timeline.feed("in a=x @1");
  BOOST_TEST(count(captured.text(),
                   "dropped (processing-error): record in-0 offset 0 at node unlucky (task 0_0): no luck") == 1U);
}

BOOST_AUTO_TEST_CASE(say_that_a_punctuation_has_no_topic) {
  class Failing final : public Processor<S, S> {
    void init(ProcessorContext<S, S>& context) override {
      context.schedule(10ms, PunctuationType::wall_clock_time, [](Timestamp) { throw std::runtime_error("no luck"); });
    }
    void process(Record<S, S>) override {}
  };
  const CapturedStderr captured;
  StreamsBuilder builder;
  builder.stream<S, S>("in").process([] { return std::make_unique<Failing>(); }, Named::as("failing"));
  Timeline timeline(builder.build(), StreamsConfig().set("processing.exception.handler", "log-and-continue"));
  timeline.driver().advance_wall_clock_time(10ms);
  BOOST_TEST(count(captured.text(),
                   "dropped (processing-error) in a punctuation, which has no topic: at node failing "
                   "(task 0_0): no luck") == 1U);
  BOOST_TEST(drops(timeline.driver()) == "processing-error 1");
}

BOOST_AUTO_TEST_CASE(are_limited_and_end_with_the_number_left_out) {
  const CapturedStderr captured;
  Timeline timeline(counting());
  for (int i = 0; i < 20; ++i) timeline.feed("in null=x @1");
  BOOST_TEST(count(captured.text(), "dropped (null-key)") == 5U);
  BOOST_TEST(count(captured.text(), "more dropped") == 0U);
  timeline.driver().advance_wall_clock_time(10s);
  timeline.feed("in a=x @1");  // commits
  BOOST_TEST(count(captured.text(), "15 more dropped at node counted (task 0_0): null-key") == 1U);
  // In a new interval, warnings are logged again.
  timeline.feed("in null=x @1");
  BOOST_TEST(count(captured.text(), "dropped (null-key)") == 6U);
}

BOOST_AUTO_TEST_CASE(are_limited_for_each_node_separately) {
  const CapturedStderr captured;
  StreamsBuilder builder;
  builder.stream<N, S>("first").group_by_key().count(Named::as("one"), Materialized::as("a"));
  builder.stream<N, S>("second").group_by_key().count(Named::as("other"), Materialized::as("b"));
  Timeline timeline(builder.build());
  for (int i = 0; i < 20; ++i) timeline.feed("first null=x @1");
  timeline.feed("second null=x @1");
  BOOST_TEST(count(captured.text(), "at node other") == 1U);
}

BOOST_AUTO_TEST_CASE(are_summed_up_at_the_end_if_left_out) {
  const CapturedStderr captured;
  {
    Timeline timeline(counting());
    for (int i = 0; i < 8; ++i) timeline.feed("in null=x @1");
  }
  BOOST_TEST(count(captured.text(), "3 more dropped at node counted (task 0_0): null-key") == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
