// SPDX-License-Identifier: Apache-2.0
// At which offsets global stores begin to read their topics at the start, and when they are filled again.
#define BOOST_TEST_DYN_LINK
#include "runtime/global/global_thread.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/processor/topology.hpp"
#include "unit/runtime/fake_admin.hpp"
#include "unit/runtime/fake_consumer.hpp"
#include "unit/runtime/put_topology.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

using S = std::string;
using Starts = std::vector<std::pair<TopicPartition, std::int64_t>>;

const TopicPartition kDisk{"disk", 0};
const TopicPartition kMemory{"memory", 0};

/// A broker with one consumer, which returns the records that the test gives it.
class OneConsumerBroker final : public Broker {
 public:
  std::unique_ptr<Consumer> make_consumer(const ClientConfig&) override {
    auto consumer = std::make_unique<FakeConsumer>();
    last = consumer.get();
    consumer->records = std::move(records);
    return consumer;
  }
  std::unique_ptr<Producer> make_producer(const ClientConfig&, DeliveryListener*) override { return nullptr; }
  std::unique_ptr<Admin> make_admin() override { return nullptr; }
  [[nodiscard]] S address() const override { return "nowhere"; }

  std::vector<ConsumerRecord> records;
  FakeConsumer* last = nullptr;
};

/// Puts each record into the global store that has the processor's name.
class PutIntoGlobal final : public Processor<S, S> {
 public:
  explicit PutIntoGlobal(S store) : store_(std::move(store)) {}
  void process(Record<S, S> record) override {
    context().get_state_store<KeyValueStore<S, S>>(store_).put(record.key, record.value);
  }

 private:
  S store_;
};

/// A topology in which topic "disk" fills a store in RocksDB and topic "memory" fills a store in memory. Each store has
/// the name of its topic.
struct Fixture {
  Fixture() {
    config.set("application.id", "app");
    for (const StoreMedium medium : {StoreMedium::rocksdb, StoreMedium::in_memory}) {
      const S name = medium == StoreMedium::rocksdb ? "disk" : "memory";
      StoreBuilder store = Stores::key_value_store<S, S>(name, medium);
      store.with_logging_disabled();
      topology.add_global_store<S, S>(std::move(store), "source-" + name, name, "fill-" + name,
                                      [name] { return std::make_unique<PutIntoGlobal>(name); });
    }
  }

  /// Fills the stores and ends the thread. Returns the offsets at which reading began.
  Starts run(std::vector<ConsumerRecord> records) {
    broker.records = std::move(records);
    GlobalThread thread({topology.internal(), "app", config, Clock::system(), make_error_policy(config, {}), 0,
                         TimestampPolicy::fail_on_invalid},
                        broker, admin, {}, directory.path() / "global", Millis(1000));
    thread.open();
    thread.bootstrap();
    const auto assigned = broker.last->assigned;
    const auto get = [&](const S& store) {
      return dynamic_cast<KeyValueStore<S, S>&>(*thread.stores().find(store, "test")).get("a").value_or("(none)");
    };
    on_disk = get("disk");
    in_memory = get("memory");
    thread.stop();
    // Before the last assignment, proofs are checked.
    BOOST_REQUIRE(!assigned.empty());
    return assigned.back();
  }

  const TempDirectory directory;
  FakeAdmin admin{std::map<S, std::int32_t>{{"disk", 1}, {"memory", 1}}};
  OneConsumerBroker broker;
  StreamsConfig config;
  Topology topology;
  S on_disk;
  S in_memory;
};

struct Filled : Fixture {
  Filled() {
    admin.bounds[kDisk] = {0, 1};
    admin.bounds[kMemory] = {0, 1};
    const Starts starts = run(both());
    BOOST_TEST((starts == Starts{{kDisk, 0}, {kMemory, 0}}));
    BOOST_TEST(on_disk == "1");
    BOOST_TEST(in_memory == "1");
  }

  static std::vector<ConsumerRecord> both() {
    std::vector<ConsumerRecord> records;
    records.push_back(input_record(kDisk.topic, 0, "a", "1"));
    records.push_back(input_record(kMemory.topic, 0, "a", "1"));
    return records;
  }
};

/// A fake consumer. The test gives it the records of the topics. After a new assignment it returns records from the
/// assigned offsets again.
class LogConsumer final : public Consumer {
 public:
  struct Row {
    std::string key;
    std::string value;
  };
  /// By partition. The first record has offset 0.
  using Logs = std::map<TopicPartition, std::vector<Row>>;

  explicit LogConsumer(const Logs& logs) : logs_(logs) {}

  void assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& partitions) override {
    positions.clear();
    for (const auto& [partition, offset] : partitions) positions[partition] = offset;
  }
  void poll(std::vector<ConsumerRecord>& into, std::size_t, Millis) override {
    for (auto& [partition, position] : positions) {
      const auto found = logs_.find(partition);
      if (found == logs_.end()) continue;
      const auto end = static_cast<std::int64_t>(found->second.size());
      // Simulates a consumer with auto.offset.reset=earliest whose position is not in the log.
      if (std::exchange(out_of_range, false)) position = 0;
      for (; position < end; ++position) {
        const Row& row = found->second[static_cast<std::size_t>(position)];
        ConsumerRecord& record = into.emplace_back(input_record(found->first.topic, position, row.key, row.value));
        record.partition = partition.partition;
      }
    }
  }
  std::optional<std::int64_t> position(const TopicPartition& partition) override { return positions.at(partition); }

  void subscribe(const std::vector<std::string>&, RebalanceListener&) override {}
  void unsubscribe() override {}
  void wakeup() override {}
  void pause(const std::vector<TopicPartition>&) override {}
  void resume(const std::vector<TopicPartition>&) override {}
  void seek(const TopicPartition&, std::int64_t) override {}
  std::optional<std::int64_t> current_lag(const TopicPartition&) override { return 0; }
  Watermarks query_watermarks(const TopicPartition&, Millis) override { return {}; }
  std::optional<std::int64_t> offset_for_time(const TopicPartition&, Timestamp, Millis) override { return {}; }
  std::map<TopicPartition, OffsetAndMetadata> committed(const std::vector<TopicPartition>&, Millis) override {
    return {};
  }
  void commit_sync(const std::map<TopicPartition, OffsetAndMetadata>&) override {}
  [[nodiscard]] ConsumerGroupMetadata group_metadata() const override { return ConsumerGroupMetadata("app"); }

  std::map<TopicPartition, std::int64_t> positions;
  bool out_of_range = false;

 private:
  const Logs& logs_;
};

/// For each record, reads the old value of the key from the store "disk", then puts the new one.
class ReadAndPut final : public Processor<S, S> {
 public:
  void process(Record<S, S> record) override {
    auto& store = context().get_state_store<KeyValueStore<S, S>>("disk");
    (void)store.get(record.key);
    store.put(record.key, record.value);
  }
};

/// A global store "disk" of topic "disk".
struct Logged : Broker {
  Logged() {
    config.set("application.id", "app").set("metadata.max.age.ms", "0");
    StoreBuilder store = Stores::key_value_store<S, S>("disk", StoreMedium::rocksdb);
    store.with_logging_disabled();
    topology.add_global_store<S, S>(std::move(store), "source", "disk", "fill",
                                    [] { return std::make_unique<ReadAndPut>(); });
  }

  std::unique_ptr<Consumer> make_consumer(const ClientConfig&) override {
    auto made = std::make_unique<LogConsumer>(logs);
    consumer = made.get();
    return made;
  }
  std::unique_ptr<Producer> make_producer(const ClientConfig&, DeliveryListener*) override { return nullptr; }
  std::unique_ptr<Admin> make_admin() override { return nullptr; }
  [[nodiscard]] S address() const override { return "nowhere"; }

  /// Sets the end offsets of the topic's partitions from `logs`.
  void set_bounds() {
    admin.set_partitions("disk", static_cast<std::int32_t>(logs.size()));
    for (const auto& [partition, rows] : logs) admin.bounds[partition] = {0, static_cast<std::int64_t>(rows.size())};
  }
  [[nodiscard]] std::unique_ptr<GlobalThread> make_thread() {
    return std::make_unique<GlobalThread>(
        TaskEnvironment{topology.internal(), "app", config, Clock::system(), make_error_policy(config, {}), 0,
                        TimestampPolicy::fail_on_invalid},
        *this, admin, ClientConfig{}, directory.path() / "global", Millis(1000));
  }
  static S value(GlobalThread& thread, const S& key) {
    return dynamic_cast<KeyValueStore<S, S>&>(*thread.stores().find("disk", "test")).get(key).value_or("(none)");
  }
  /// Starts the thread, and waits until the store is filled. Returns the error if the thread has failed instead.
  static S fill(GlobalThread& thread) {
    std::promise<S> filled;
    std::once_flag once;
    const auto tell = [&](const S& error) { std::call_once(once, [&] { filled.set_value(error); }); };
    thread.start({.ready = [&] { tell(""); }, .failed = [&](const std::exception& error) { tell(error.what()); }});
    const S error = filled.get_future().get();
    thread.stop();
    return error;
  }

  const TempDirectory directory;
  FakeAdmin admin;
  StreamsConfig config;
  Topology topology;
  LogConsumer::Logs logs;
  LogConsumer* consumer = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(GlobalThreadSuite)

BOOST_FIXTURE_TEST_CASE(resumes_stores_on_disk_and_refills_stores_in_memory, Filled) {
  BOOST_TEST((run(both()) == Starts{{kDisk, 1}, {kMemory, 0}}));
  BOOST_TEST(on_disk == "1");
  BOOST_TEST(in_memory == "1");
}

BOOST_FIXTURE_TEST_CASE(empties_a_store_whose_topic_was_recreated, Filled) {
  admin.bounds[kDisk] = {0, 0};
  admin.bounds[kMemory] = {0, 0};
  BOOST_TEST((run({}) == Starts{{kDisk, 0}, {kMemory, 0}}));
  BOOST_TEST(on_disk == "(none)");
}

BOOST_FIXTURE_TEST_CASE(empties_a_store_whose_topic_was_recreated_with_as_many_records, Logged) {
  logs[kDisk] = {{"a", "1"}, {"b", "2"}};
  set_bounds();
  {
    const auto thread = make_thread();
    thread->open();
    thread->bootstrap();
    thread->stop();
  }
  logs[kDisk] = {{"a", "one"}, {"c", "3"}, {"d", "4"}};
  set_bounds();
  const auto thread = make_thread();
  thread->open();
  BOOST_TEST(consumer->positions.at(kDisk) == 0);
  thread->bootstrap();
  BOOST_TEST(value(*thread, "a") == "one");
  BOOST_TEST(value(*thread, "b") == "(none)");
}

BOOST_FIXTURE_TEST_CASE(rebuilds_unreadable_state, Filled) {
  std::ofstream(directory.path() / "global" / "CURRENT") << "no manifest\n";
  BOOST_TEST((run(both()) == Starts{{kDisk, 0}, {kMemory, 0}}));
  BOOST_TEST(on_disk == "1");
}

BOOST_FIXTURE_TEST_CASE(reads_partitions_that_its_topic_gets_later, Logged) {
  logs[kDisk] = {{"a", "1"}};
  set_bounds();
  const auto thread = make_thread();
  thread->open();
  logs[{"disk", 1}] = {{"b", "2"}};
  set_bounds();
  thread->bootstrap();
  BOOST_TEST((consumer->positions == std::map<TopicPartition, std::int64_t>{{kDisk, 1}, {{"disk", 1}, 0}}));
  thread->stop();
  // The next start continues in both partitions.
  const auto next = make_thread();
  next->open();
  BOOST_TEST((consumer->positions == std::map<TopicPartition, std::int64_t>{{kDisk, 1}, {{"disk", 1}, 0}}));
  next->bootstrap();
  BOOST_TEST(value(*next, "a") == "1");
  BOOST_TEST(value(*next, "b") == "2");
}

BOOST_FIXTURE_TEST_CASE(rebuilds_a_store_that_turns_out_to_be_damaged_while_it_is_filled, Logged) {
  const S mark = "a value that stands in one file only";
  logs[kDisk] = {{"a", mark}};
  set_bounds();
  {
    const auto thread = make_thread();
    thread->open();
    thread->bootstrap();
    thread->stop();
  }
  int damaged = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory.path() / "global")) {
    if (file.path().extension() != ".sst") continue;
    std::ifstream in(file.path(), std::ios::binary);
    S bytes(std::istreambuf_iterator<char>(in), {});
    const auto at = bytes.find(mark);
    if (at == S::npos) continue;
    bytes[at] = 'A';
    std::ofstream(file.path(), std::ios::binary) << bytes;
    ++damaged;
  }
  BOOST_TEST_REQUIRE(damaged == 1);
  logs[kDisk].push_back({"b", "2"});
  logs[kDisk].push_back({"a", "3"});
  set_bounds();
  const auto thread = make_thread();
  thread->open();
  // The damage is not found before the processor reads the key.
  BOOST_TEST(consumer->positions.at(kDisk) == 1);
  BOOST_TEST(fill(*thread) == "");
  const auto next = make_thread();
  next->open();
  next->bootstrap();
  BOOST_TEST(value(*next, "a") == "3");
  BOOST_TEST(value(*next, "b") == "2");
}

BOOST_FIXTURE_TEST_CASE(rebuilds_a_store_whose_topic_goes_on_at_a_lower_offset, Logged) {
  logs[kDisk] = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
  set_bounds();
  {
    const auto thread = make_thread();
    thread->open();
    thread->bootstrap();
    thread->stop();
  }
  const auto thread = make_thread();
  thread->open();
  BOOST_TEST(consumer->positions.at(kDisk) == 3);
  // A new topic of the same name, which has more records already.
  logs[kDisk] = {{"a", "one"}, {"d", "4"}, {"e", "5"}, {"f", "6"}};
  set_bounds();
  consumer->out_of_range = true;
  BOOST_TEST(fill(*thread) == "");
  const auto next = make_thread();
  next->open();
  next->bootstrap();
  BOOST_TEST(value(*next, "a") == "one");
  BOOST_TEST(value(*next, "b") == "(none)");
  BOOST_TEST(value(*next, "f") == "6");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
