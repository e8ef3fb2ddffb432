// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <stdexcept>

#include "integration/runtime/world.hpp"

namespace millrace::runtime_test {
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
      kafka = true;
      broker = Broker::kafka(address);
      (void)broker->make_admin()->list_topics(Millis{15000});  // throws, once for all tests, if nobody answers
    } else {
      throw std::runtime_error("say which broker to test on: `-- embedded` or `-- kafka`");
    }
  }
  void teardown() {
    broker.reset();
    directory.reset();
  }

  static inline bool kafka = false;
  static inline std::optional<TempDir> directory;
  static inline std::shared_ptr<Broker> broker;
};

BOOST_TEST_GLOBAL_FIXTURE(BrokerUnderTest);

}  // namespace

World::World() : World(BrokerUnderTest::broker) {}

bool World::on_kafka() { return BrokerUnderTest::kafka; }

}  // namespace millrace::runtime_test
