// SPDX-License-Identifier: Apache-2.0
// TopologyTestDriver::metrics(): the metrics of tasks, nodes, topics and stores.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace millrace;

namespace {

using S = std::string;
const S kState = "stream-state-metrics";
const S kNode = "stream-processor-node-metrics";
const S kTask = "stream-task-metrics";
const S kTopic = "stream-topic-metrics";

StreamsConfig at(const S& level) { return StreamsConfig().set("metrics.recording.level", level); }

/// A processor that iterates over its store for each record.
class Walking final : public Processor<S, S, S, S> {
 public:
  void init(ProcessorContext<S, S>& context) override {
    Processor::init(context);
    store_ = &context.get_state_store<KeyValueStore<S, S>>("store");
  }
  void process(Record<S, S> record) override {
    store_->put(record.key, record.value);
    (void)store_->get(record.key);
    for (const auto& entry : store_->all()) (void)entry;
    for (const auto& entry : store_->range(record.key, record.key)) (void)entry;
    (void)store_->remove(record.key);
    context().forward(std::move(record));
  }

 private:
  KeyValueStore<S, S>* store_ = nullptr;
};

Topology walking() {
  StreamsBuilder builder;
  builder.add_state_store(Stores::key_value_store<S, S>("store", StoreMedium::in_memory));
  builder.stream<S, S>("in", Consumed::as("source"))
      .process([] { return std::make_unique<Walking>(); }, {"store"}, Named::as("walking"))
      .to("out", Produced::as("sink"));
  return builder.build();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(MetricsOfATask)

BOOST_AUTO_TEST_CASE(count_records_read_from_and_written_to_topics) {
  TopologyTestDriver driver(walking(), at("INFO"));
  driver.create_input_topic<S, S>("in").pipe_input("k", "value", 1, {{"h", "x"}});
  const Metrics metrics = driver.metrics();
  const MetricTags in{{"task-id", "0_0"}, {"processor-node-id", "source"}, {"topic", "in"}};
  const MetricTags out{{"task-id", "0_0"}, {"processor-node-id", "sink"}, {"topic", "out"}};
  BOOST_TEST(metrics.sum(kTopic, "records-consumed-total", in) == 1.0);
  BOOST_TEST(metrics.sum(kTopic, "bytes-consumed-total", in) == 20 + 2 + 6 + 2.0);
  BOOST_TEST(metrics.sum(kTopic, "records-produced-total", out) == 1.0);
  BOOST_TEST(metrics.sum(kTopic, "bytes-produced-total", out) == 20 + 3 + 6 + 2.0);
}

BOOST_AUTO_TEST_CASE(count_topics_that_records_choose) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").to([](const S& key, const S&, const RecordContext&) { return key; });
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<S, S>("in");
  for (const char* topic : {"a", "b", "a"}) in.pipe_input(topic, "v", 1);
  const Metrics metrics = driver.metrics();
  BOOST_TEST(metrics.sum(kTopic, "records-produced-total", {{"topic", "a"}}) == 2.0);
  BOOST_TEST(metrics.sum(kTopic, "records-produced-total", {{"topic", "b"}}) == 1.0);
}

BOOST_AUTO_TEST_CASE(show_nodes_and_stores_at_debug_only) {
  TopologyTestDriver brief(walking(), at("INFO"));
  brief.create_input_topic<S, S>("in").pipe_input("k", "v", 1);
  BOOST_TEST(brief.metrics().find(kNode, "process-total") == nullptr);
  BOOST_TEST(brief.metrics().find(kTask, "process-total") == nullptr);
  BOOST_TEST(brief.metrics().find(kState, "put-total") == nullptr);

  TopologyTestDriver driver(walking(), at("DEBUG"));
  auto in = driver.create_input_topic<S, S>("in");
  in.pipe_input("k", "v", 10);
  in.pipe_input("k", "v", 4);
  const Metrics metrics = driver.metrics();
  BOOST_TEST(metrics.sum(kNode, "process-total", {{"processor-node-id", "source"}}) == 2.0);
  BOOST_TEST(metrics.sum(kTask, "process-total") == 2.0);
  BOOST_TEST(metrics.sum(kTask, "record-lateness-max") == 6.0);
  BOOST_TEST(metrics.sum(kTask, "record-lateness-avg") == 3.0);
  const MetricTags store{{"in-memory-state-id", "store"}, {"task-id", "0_0"}};
  BOOST_TEST(metrics.sum(kState, "put-total", store) == 2.0);
  BOOST_TEST(metrics.sum(kState, "get-total", store) == 4.0);  // remove() reads the old value
  BOOST_TEST(metrics.sum(kState, "delete-total", store) == 2.0);
  BOOST_TEST(metrics.sum(kState, "all-total", store) == 2.0);
  BOOST_TEST(metrics.sum(kState, "range-total", store) == 2.0);
  BOOST_TEST(metrics.sum(kState, "num-open-iterators", store) == 0.0);
  BOOST_TEST(metrics.sum(kState, "iterator-duration-max", store) == 0.0);  // the clock stands
  BOOST_TEST(metrics.sum(kState, "put-latency-max", store) == 0.0);
}

BOOST_AUTO_TEST_CASE(count_open_iterators) {
  TopologyTestDriver driver(walking(), at("DEBUG"));
  {
    const auto walk = driver.get_key_value_store<S, S>("store").all();
    BOOST_TEST(driver.metrics().sum(kState, "num-open-iterators") == 1.0);
  }
  BOOST_TEST(driver.metrics().sum(kState, "num-open-iterators") == 0.0);
}

// The measuring store is between an operator and its cache. The operator must still find the cache.
BOOST_AUTO_TEST_CASE(do_not_bypass_caches) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").group_by_key().count(Materialized::as("counts")).to_stream().to("out");
  builder.stream<S, S>("in")
      .group_by_key()
      .windowed_by(TimeWindows::of_size_with_no_grace(10ms))
      .count(Materialized::as("windows"));
  builder.stream<S, S>("in")
      .group_by_key()
      .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(10ms))
      .count(Materialized::as("sessions"));
  TopologyTestDriver driver(builder.build(), at("DEBUG"));
  auto in = driver.create_input_topic<S, S>("in");
  in.pipe_input("a", "x", 1);
  in.pipe_input("a", "x", 2);
  auto out = driver.create_output_topic<S, std::int64_t>("out");
  BOOST_TEST((out.read_values_to_list() == std::vector<std::int64_t>{1, 2}));
  const Metrics metrics = driver.metrics();
  BOOST_TEST(metrics.sum(kState, "put-total", {{"rocksdb-state-id", "counts"}}) == 2.0);
  BOOST_TEST(metrics.sum(kState, "put-total", {{"rocksdb-window-state-id", "windows"}}) == 2.0);
  BOOST_TEST(metrics.sum(kState, "put-total", {{"rocksdb-session-state-id", "sessions"}}) == 2.0);
  BOOST_TEST(metrics.sum(kState, "remove-total", {{"rocksdb-session-state-id", "sessions"}}) == 1.0);
  BOOST_TEST(metrics.sum(kState, "flush-total", {{"rocksdb-state-id", "counts"}}) > 0.0);
}

BOOST_AUTO_TEST_CASE(have_rates_by_the_drivers_clock) {
  TopologyTestDriver driver(walking(), at("DEBUG"));
  auto in = driver.create_input_topic<S, S>("in");
  for (int i = 0; i < 90; ++i) in.pipe_input("k", "v", 1);
  driver.advance_wall_clock_time(15s);
  BOOST_TEST(driver.metrics().sum(kTask, "process-rate") == 2.0);  // 90 in 30 s and 15 s
  BOOST_TEST(std::isnan(driver.metrics().find(kTask, "punctuate-latency-avg")->number()));
}

BOOST_AUTO_TEST_SUITE_END()
