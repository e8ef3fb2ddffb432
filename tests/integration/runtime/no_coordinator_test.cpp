// SPDX-License-Identifier: Apache-2.0
// Kafka servers without a working coordinator for groups or transactions. Each test starts its own server.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "integration/runtime/world.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "support/captured_stderr.hpp"
#include "support/own_kafka.hpp"

namespace millrace::runtime_test {
namespace {

constexpr Millis kGiveUpAfter{20'000};

/// How often `part` is in `text`.
int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// Needs no internal topics, so the start succeeds.
Topology copying() {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>("in").to("out");
  return builder.build();
}

/// A Kafka server with the topics `in` and `out`.
struct Server {
  explicit Server(std::vector<std::string> settings = {}) : kafka(std::move(settings)) {
    const World world(Broker::kafka(kafka.address()));
    world.create("in", 2);
    world.create("out", 1);
  }

  /// Runs an application that cannot work. Checks that it ends after kGiveUpAfter, that its error has these parts, and
  /// that the error is logged once.
  void check_error(const std::string& guarantee, const std::vector<std::string>& parts) const {
    const World world(Broker::kafka(kafka.address()));
    const TempDir state;
    const CapturedStderr log;
    App app(world, copying(),
            world.config(World::unique("app"), guarantee, state.path())
                .set("num.stream.threads", "2")
                .set("millrace.connect.timeout.ms", std::to_string(kGiveUpAfter.count())));
    const auto begin = std::chrono::steady_clock::now();
    app.start();
    BOOST_CHECK(app.streams.wait_for(3 * kGiveUpAfter));
    const auto took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begin);
    BOOST_CHECK(app.streams.state() == Streams::State::error);
    BOOST_CHECK_GE(took.count(), kGiveUpAfter.count());
    BOOST_CHECK_LT(took.count(), 2 * kGiveUpAfter.count());
    (void)app.streams.close(kPatience);
    const std::string error = app.streams.error();
    for (const auto& part : parts) {
      BOOST_CHECK_MESSAGE(error.find(part) != std::string::npos, "'" << part << "' is not in: " << error);
    }
    BOOST_CHECK_NE(error.find(kafka.address()), std::string::npos);
    BOOST_CHECK_NE(error.find("millrace.connect.timeout.ms"), std::string::npos);
    BOOST_CHECK_EQUAL(count(log.text(), "so the thread gives up"), 1);
  }

  OwnKafka kafka;
};

BOOST_AUTO_TEST_SUITE(NoCoordinator)

BOOST_AUTO_TEST_CASE(of_the_group_for_want_of_brokers_is_said_by_name) {
  const Server server({"offsets.topic.replication.factor=3"});
  server.check_error("at_least_once",
                     {"names no coordinator: COORDINATOR_NOT_AVAILABLE", "offsets.topic.replication.factor"});
}

BOOST_AUTO_TEST_CASE(of_transactions_for_want_of_brokers_is_said_by_name) {
  const Server server({"transaction.state.log.replication.factor=3"});
  server.check_error("exactly_once_v2",
                     {"no coordinator: COORDINATOR_NOT_AVAILABLE", "transaction.state.log.replication.factor"});
}

BOOST_AUTO_TEST_CASE(that_can_be_reached_is_said_by_name) {
  Server server;
  // Clients get the metadata from the address in bootstrap.servers. They connect to the coordinator at its advertised
  // address.
  server.kafka.restart({"advertised.listeners=PLAINTEXT://no-such-host.invalid:9092"});
  server.check_error("at_least_once", {"the coordinator is no-such-host.invalid:9092", "Failed to resolve",
                                       "addresses which the brokers advertise (advertised.listeners)"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
