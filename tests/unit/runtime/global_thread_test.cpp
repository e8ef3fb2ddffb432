// Where global stores begin to read their topics when an application starts.
#define BOOST_TEST_DYN_LINK
#include "runtime/global/global_thread.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <memory>
#include <string>
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
                        broker, admin, {}, directory.path() / "global");
    thread.bootstrap(Millis(1000));
    const auto assigned = broker.last->assigned;
    const auto get = [&](const S& store) {
      return dynamic_cast<KeyValueStore<S, S>&>(*thread.stores().find(store, "test")).get("a").value_or("(none)");
    };
    on_disk = get("disk");
    in_memory = get("memory");
    thread.stop();
    BOOST_REQUIRE_EQUAL(assigned.size(), 1);
    return assigned.front();
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

}  // namespace

BOOST_AUTO_TEST_SUITE(GlobalThreadSuite)

BOOST_FIXTURE_TEST_CASE(resumes_stores_on_disk_and_refills_stores_in_memory, Filled) {
  std::vector<ConsumerRecord> records;
  records.push_back(input_record(kMemory.topic, 0, "a", "1"));
  BOOST_TEST((run(std::move(records)) == Starts{{kDisk, 1}, {kMemory, 0}}));
  BOOST_TEST(on_disk == "1");
  BOOST_TEST(in_memory == "1");
}

BOOST_FIXTURE_TEST_CASE(empties_a_store_whose_topic_was_recreated, Filled) {
  admin.bounds[kDisk] = {0, 0};
  admin.bounds[kMemory] = {0, 0};
  BOOST_TEST((run({}) == Starts{{kDisk, 0}, {kMemory, 0}}));
  BOOST_TEST(on_disk == "(none)");
}

BOOST_FIXTURE_TEST_CASE(rebuilds_unreadable_state, Filled) {
  std::ofstream(directory.path() / "global" / "CURRENT") << "no manifest\n";
  BOOST_TEST((run(both()) == Starts{{kDisk, 0}, {kMemory, 0}}));
  BOOST_TEST(on_disk == "1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
