// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/windowed.hpp"
#include "runtime/task/store_plans.hpp"
#include "runtime/task/stream_task.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

using S = std::string;
using Key = Windowed<S>;

/// A collector for topics of a hundred partitions. Records the partition of each record.
class HundredPartitions final : public TaskOutput {
 public:
  void send(std::string_view topic, std::optional<std::int32_t> partition, BytesView, BytesView, Timestamp,
            const Headers&, Sender) override {
    sent[S(topic)] = partition;
  }
  [[nodiscard]] std::int32_t partitions_for(std::string_view) override { return 100; }
  [[nodiscard]] std::uint64_t open_changelog(const TopicPartition&, const std::string&, const TaskContext*) override {
    return 1;
  }
  void close_changelog(std::uint64_t) override {}
  void send_changelog(std::uint64_t, BytesView, BytesView, Timestamp, const Headers*) override {}
  [[nodiscard]] std::optional<LogPosition> confirmed_position(std::uint64_t) const override { return std::nullopt; }

  std::map<S, std::optional<std::int32_t>> sent;
};

class StandingClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return 0; }
};

/// The partition that a record with key "a" of topic "in" gets on each output topic. nullopt: the producer chooses.
std::map<S, std::optional<std::int32_t>> partitions(const Topology& topology) {
  const StreamsConfig config;
  const StandingClock clock;
  const TaskEnvironment environment{
      topology.internal(), "app", config, clock, make_error_policy(config, {}), 0, TimestampPolicy::fail_on_invalid};
  std::vector<const NodeSpec*> nodes;
  for (const NodeSpec& node : topology.internal().nodes()) nodes.push_back(&node);
  HundredPartitions output;
  const std::vector<TopicPartition> inputs{{"in", 0}};
  const auto stores = open_stores({0, 0}, environment, nodes, inputs, {});
  StreamTask task({0, 0}, environment, nodes, inputs, *stores, output, {}, nullptr,
                  std::make_shared<TaskMetrics>(*environment.metrics, "main", TaskId{0, 0}));
  task.initialize();
  const S topic = "in";
  ConsumerRecord record;
  record.topic = &topic;
  record.timestamp = 10;
  record.key = "a";
  record.value = "v";
  task.add(*task.queues().find({"in", 0}), std::move(record));
  BOOST_TEST(task.process_one());
  task.close();
  return output.sent;
}

Key minute(const S& key) { return {key, {60'000, 120'000}}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(SinksOfWindowedKeys)

BOOST_AUTO_TEST_CASE(partition_by_the_key_inside) {
  StreamsBuilder builder;
  auto windowed = builder.stream<S, S>("in").select_key([](const S& key, const S&) { return minute(key); });
  windowed.to("time", Produced::with(TimeWindowedSerde<S>(Millis(60'000)), Serde<S>()));
  windowed.to("session", Produced::with(SessionWindowedSerde<S>(), Serde<S>()));
  const auto sent = partitions(builder.build());
  BOOST_TEST((sent.at("time") == 24));  // Kafka's partition of the key "a" among 100
  BOOST_TEST((sent.at("session") == 24));
}

BOOST_AUTO_TEST_CASE(leave_other_keys_to_the_producer) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").to("plain");
  BOOST_TEST(!partitions(builder.build()).at("plain").has_value());
}

BOOST_AUTO_TEST_CASE(use_a_given_partitioner) {
  StreamsBuilder builder;
  builder.stream<S, S>("in")
      .select_key([](const S& key, const S&) { return minute(key); })
      .to("time", Produced::with(TimeWindowedSerde<S>(Millis(60'000)), Serde<S>())
                      .with_stream_partitioner([](const S&, const Key&, const S&, std::int32_t) {
                        return std::optional(std::set<std::int32_t>{7});
                      }));
  BOOST_TEST((partitions(builder.build()).at("time") == 7));
}

BOOST_AUTO_TEST_SUITE_END()
