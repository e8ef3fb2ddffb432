// SPDX-License-Identifier: Apache-2.0
#include "integration/runtime/world.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <thread>

#include "millrace/serde/primitives.hpp"

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

namespace millrace::runtime_test {
namespace {

/// A broker compacts logs every 15 seconds, and deletes old records every 5 minutes. Tests count restored records, and
/// their timestamps are of 1970. So the topics of tests keep all records. In ms.
const std::string kForever = std::to_string(std::numeric_limits<std::int64_t>::max());

/// Fails the test if a record was not written.
struct NoFailures : DeliveryListener {
  void on_delivery(const Delivery& delivery) override {
    if (delivery.error != nullptr) BOOST_FAIL("not written: " << delivery.error->what());
  }
};

std::int64_t to_count(const std::optional<std::string>& value) {
  BOOST_REQUIRE(value);
  return Serde<std::int64_t>().deserialize(*value);
}

}  // namespace

void wait_until(const std::string& what, const std::function<bool()>& done, Millis patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "not reached in time: " << what);
    std::this_thread::sleep_for(Millis(20));
  }
}

World::World(std::shared_ptr<Broker> the_broker) : broker(std::move(the_broker)), admin(broker->make_admin()) {}

std::string World::unique(const std::string& what) {
  static std::atomic<int> counter{0};
  static const auto run = std::chrono::system_clock::now().time_since_epoch().count() % 1'000'000'000;
  return what + "-" + std::to_string(::getpid()) + "-" + std::to_string(run) + "-" + std::to_string(++counter);
}

void World::create(const std::string& name, std::int32_t partitions,
                   const std::map<std::string, std::string>& configs) const {
  NewTopic wanted;
  wanted.name = name;
  wanted.partitions = partitions;
  wanted.configs = configs;
  wanted.configs.emplace("retention.ms", "-1");
  wanted.configs.emplace("min.compaction.lag.ms", kForever);
  BOOST_REQUIRE(admin->create_topic(wanted, kPatience));
}

std::string World::topic(const std::string& what, std::int32_t partitions,
                         const std::map<std::string, std::string>& configs) const {
  auto name = unique(what);
  create(name, partitions, configs);
  return name;
}

void World::write(const std::string& topic, const std::vector<Input>& records, const ClientConfig& settings) const {
  NoFailures failures;
  const auto producer = broker->make_producer(settings, &failures);
  for (const Input& input : records) {
    ProducerRecord record;
    record.topic = topic;
    record.partition = input.partition;
    if (input.key) record.key = *input.key;
    if (input.value) record.value = *input.value;
    record.timestamp = input.timestamp;
    record.headers = &input.headers;
    producer->send(record);
  }
  producer->flush(kPatience);
}

std::vector<Row> World::read(const std::string& topic, const std::string& isolation) const {
  const auto described = admin->describe_topic(topic, kPatience);
  BOOST_REQUIRE_MESSAGE(described, "there is no topic " << topic);
  const auto consumer = broker->make_consumer({{"isolation.level", isolation}, {"group.id", unique("reader")}});
  std::vector<Row> rows;
  for (std::int32_t p = 0; p < described->partitions; ++p) {
    const TopicPartition partition{topic, p};
    const std::int64_t end = consumer->query_watermarks(partition, kPatience).high;
    consumer->assign({{partition, Consumer::kOffsetBeginning}});
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (consumer->position(partition).value_or(-1) < end) {
      BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "could not read " << partition.str());
      std::vector<ConsumerRecord> records;
      consumer->poll(records, 10'000, Millis(100));
      for (const ConsumerRecord& record : records) {
        Row row{*record.topic, record.partition, record.offset, record.timestamp, {}, {}, record.headers};
        if (record.key) row.key = std::string(*record.key);
        if (record.value) row.value = std::string(*record.value);
        rows.push_back(std::move(row));
      }
      if (end == 0) break;
    }
  }
  return rows;
}

std::vector<Row> World::read_count(const std::string& topic, std::size_t count) const {
  std::vector<Row> rows;
  wait_until(std::to_string(count) + " records in " + topic, [&] {
    rows = read(topic);
    return rows.size() >= count;
  });
  return rows;
}

void World::wait_until_counted(const std::string& topic, int total, int keys) const {
  wait_until("counts of " + std::to_string(total) + " records in " + topic, [&] {
    const auto by_key = counts(read(topic));
    return by_key.size() == static_cast<std::size_t>(keys) && std::ranges::all_of(by_key, [&](const auto& entry) {
             return std::ranges::max(entry.second) >= total / keys;
           });
  });
}

StreamsConfig World::config(const std::string& application_id, const std::string& guarantee,
                            const std::filesystem::path& directory) const {
  StreamsConfig config;
  config.set("application.id", application_id)
      .set("state.dir", directory.string())
      .set("processing.guarantee", guarantee)
      .set("commit.interval.ms", "100")
      .set("poll.ms", "20")
      .set("statestore.cache.max.bytes", "0")  // every update must be visible
      .set("topic.min.compaction.lag.ms", kForever)
      .set("windowstore.changelog.additional.retention.ms", kForever)
      .set("consumer.session.timeout.ms", "6000")
      .set("consumer.heartbeat.interval.ms", "500")
      .set("producer.linger.ms", "5");
  return config;
}

App::App(const World& world, const Topology& topology, const StreamsConfig& config)
    : streams(topology, config, world.broker) {
  streams.set_state_listener([seen = seen_](Streams::State now, Streams::State) {
    const std::lock_guard lock(seen->mutex);
    seen->states.emplace_back(to_string(now));
  });
  streams.set_uncaught_exception_handler([this, seen = seen_](const std::exception& error) {
    const std::lock_guard lock(seen->mutex);
    seen->failures.emplace_back(error.what());
    return response;
  });
}

void App::run_until_running() {
  streams.start();
  wait_until("RUNNING", [&] { return streams.state() == Streams::State::running; });
}

std::vector<std::string> App::states() const {
  const std::lock_guard lock(seen_->mutex);
  return seen_->states;
}

std::vector<std::string> App::failures() const {
  const std::lock_guard lock(seen_->mutex);
  return seen_->failures;
}

std::vector<Input> keyed(int count, int keys, int first) {
  // Kafka starts a new log segment when a transaction marker, which has the present time, comes more than segment.ms
  // after the first record of the segment. Records of 1970 would end a segment at each commit, and the log cleaner
  // would compact a changelog while a test counts its records.
  static const Timestamp begin = [] {
    const auto now = std::chrono::system_clock::now() - std::chrono::hours(1);
    return std::chrono::duration_cast<Millis>(now.time_since_epoch()).count();
  }();
  std::vector<Input> records;
  for (int i = first; i < first + count; ++i) {
    records.push_back({"k" + std::to_string(i % keys), "v" + std::to_string(i % keys), begin + i});
  }
  return records;
}

std::map<std::string, std::vector<std::int64_t>> counts(const std::vector<Row>& rows) {
  std::map<std::string, std::vector<std::int64_t>> by_key;
  for (const Row& row : rows) by_key[row.key.value_or("(null)")].push_back(to_count(row.value));
  return by_key;
}

void check_counted_once(const std::vector<Row>& rows, int total) {
  BOOST_CHECK_EQUAL(rows.size(), static_cast<std::size_t>(total));
  for (const auto& [key, values] : counts(rows)) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      BOOST_REQUIRE_MESSAGE(values[i] == static_cast<std::int64_t>(i) + 1,
                            "key " << key << ": the " << i + 1 << "th count is " << values[i]);
    }
  }
}

void check_counted_up(const std::vector<Row>& rows, int total, int keys) {
  const auto by_key = counts(rows);
  BOOST_CHECK_EQUAL(by_key.size(), static_cast<std::size_t>(keys));
  for (const auto& [key, values] : by_key) {
    BOOST_CHECK_MESSAGE(std::ranges::adjacent_find(values, std::ranges::greater_equal()) == values.end(),
                        "key " << key << ": a count came out again");
    BOOST_CHECK_MESSAGE(values.back() == total / keys,
                        "key " << key << ": the last count is " << values.back() << " and not " << total / keys);
  }
}

}  // namespace millrace::runtime_test
