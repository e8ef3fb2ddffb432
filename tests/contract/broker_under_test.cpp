// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <stdexcept>

#include "contract/contract.hpp"
#include "support/temp_dir.hpp"

namespace millrace::contract {
namespace {

/// Owns the broker under test during the whole run of the program.
struct BrokerUnderTest {
  void setup() {
    const auto& suite = boost::unit_test::framework::master_test_suite();
    const std::string kind = suite.argc > 1 ? suite.argv[suite.argc - 1] : "";
    if (kind == "embedded") {
      directory.emplace();
      broker = Broker::embedded(directory->path().string());
    } else if (kind == "kafka") {
      const char* address = std::getenv("MILLRACE_TEST_KAFKA");
      if (address == nullptr || *address == '\0') {
        throw std::runtime_error(
            "MILLRACE_TEST_KAFKA is not set: start a Kafka (scripts/servers.sh start kafka) and set it to HOST:PORT");
      }
      broker = Broker::kafka(address);
      (void)broker->make_admin()->list_topics(Millis{15000});  // throws, once for all tests, if nobody answers
    } else {
      throw std::runtime_error("say which broker to test: `contract_tests -- embedded` or `contract_tests -- kafka`");
    }
  }
  void teardown() {
    broker.reset();
    directory.reset();
  }

  static inline std::optional<TempDir> directory;
  static inline std::shared_ptr<Broker> broker;
};

BOOST_TEST_GLOBAL_FIXTURE(BrokerUnderTest);

}  // namespace

Contract::Contract() : broker(*BrokerUnderTest::broker), admin(broker.make_admin()) {}

std::string Contract::unique(const std::string& what) {
  static std::atomic<int> counter{0};
  static const auto run = std::chrono::system_clock::now().time_since_epoch().count();
  return "contract-" + what + "-" + std::to_string(::getpid()) + "-" + std::to_string(run) + "-" +
         std::to_string(++counter);
}

std::string Contract::topic(std::int32_t partitions, const std::map<std::string, std::string>& configs) {
  NewTopic wanted;
  wanted.name = unique("topic");
  wanted.partitions = partitions;
  wanted.configs = configs;
  BOOST_REQUIRE(admin->create_topic(wanted, kPatience));
  return wanted.name;
}

std::unique_ptr<Producer> Contract::producer(ClientConfig config, DeliveryListener* listener) {
  return broker.make_producer(config, listener);
}

std::unique_ptr<Producer> Contract::transactional(const std::string& id, ClientConfig config,
                                                  DeliveryListener* listener) {
  config["transactional.id"] = id;
  auto made = broker.make_producer(config, listener);
  made->init_transactions(kPatience);
  return made;
}

std::unique_ptr<Consumer> Contract::consumer(ClientConfig config) {
  // Settings given by a test win over these defaults.
  config.insert({{"auto.offset.reset", "earliest"},
                 {"isolation.level", "read_committed"},
                 {"enable.auto.commit", "false"},
                 {"partition.assignment.strategy", "cooperative-sticky"},
                 {"session.timeout.ms", "6000"},
                 {"heartbeat.interval.ms", "500"},
                 {"topic.metadata.refresh.interval.ms", "1000"}});
  // librdkafka requires a group.id of every consumer that queries committed offsets.
  config.insert({"group.id", unique("group")});
  return broker.make_consumer(config);
}

void Contract::write(const std::string& topic, const std::vector<std::string>& values, std::int32_t partition) {
  Deliveries deliveries;
  const auto writer = producer({}, &deliveries);
  for (const std::string& value : values) send(*writer, topic, value, partition);
  writer->flush(kPatience);
  BOOST_REQUIRE_EQUAL(deliveries.all.size(), values.size());
  for (const auto& delivery : deliveries.all) BOOST_REQUIRE(!delivery.error);
}

std::vector<Seen> read_to_end(Contract& contract, const TopicPartition& partition, ClientConfig config) {
  const auto reader = contract.consumer(std::move(config));
  reader->assign({{partition, Consumer::kOffsetBeginning}});
  const std::int64_t end = reader->query_watermarks(partition, kPatience).high;
  std::vector<Seen> seen;
  poll_until(*reader, seen, [&] { return reader->position(partition).value_or(-1) >= end; });
  return seen;
}

}  // namespace millrace::contract
