// SPDX-License-Identifier: Apache-2.0
// A Kafka server that stops while an application runs. Each test starts its own server, so that other tests are not
// disturbed.
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "integration/runtime/world.hpp"
#include "support/own_kafka.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;

struct Outage : World {
  explicit Outage(const OwnKafka& kafka) : World(Broker::kafka(kafka.address())) {}
};

/// Runs an application through two outages. Returns false if Kafka lost markers of transactions, so that the result
/// says nothing.
bool survives_outages(const std::string& guarantee) {
  OwnKafka kafka;
  const Outage world(kafka);
  const std::string in = world.topic("in", 3);
  const std::string out = world.topic("out", 2);
  const TempDir state;
  App app(world, counting_values(in, out),
          world.config(World::unique("app"), guarantee, state.path())
              .set("num.stream.threads", "2")
              .set("producer.transaction.timeout.ms", "60000")
              .set("millrace.connect.timeout.ms", "60000"));
  int written = 0;
  const auto write = [&](int count) {
    world.write(in, keyed(count, 20));
    written += count;
  };
  const auto all_is_counted = [&] {
    wait_until(std::to_string(written) + " records in " + out,
               [&] { return kafka.has_lost_markers() || world.read(out).size() >= static_cast<std::size_t>(written); });
    return !kafka.has_lost_markers();
  };
  write(2000);
  app.run_until_running();
  (void)world.read_count(out, 500);  // in the middle of work
  kafka.kill();
  kafka.start();
  write(2000);
  if (!all_is_counted()) return false;
  // The second outage, while the application has no work.
  kafka.kill();
  kafka.start();
  write(2000);
  if (!all_is_counted()) return false;
  // At least once: repeated records may make up the number before the last records are there.
  const bool exactly_once = guarantee == "exactly_once_v2";
  if (!exactly_once) world.wait_until_counted(out, written, 20);
  BOOST_CHECK(app.streams.close(kPatience));
  for (const auto& failure : app.failures()) BOOST_ERROR(failure);
  if (exactly_once) check_counted_once(world.read(out), written);
  return true;
}

BOOST_AUTO_TEST_SUITE(Outages)

BOOST_DATA_TEST_CASE(of_the_broker_are_survived, data::make({"at_least_once", "exactly_once_v2"}), guarantee) {
  for (int attempt = 1; attempt <= 5; ++attempt) {
    if (survives_outages(guarantee)) return;
    BOOST_TEST_MESSAGE("Kafka has lost markers of transactions, so attempt " << attempt << " does not count");
  }
  BOOST_ERROR("Kafka has lost markers of transactions in each attempt");
}

BOOST_AUTO_TEST_CASE(end_the_application_with_an_error_if_they_last) {
  OwnKafka kafka;
  const Outage world(kafka);
  const std::string in = world.topic("in", 2);
  const std::string out = world.topic("out");
  const TempDir state;
  App app(
      world, counting(in, out),
      world.config(World::unique("app"), "exactly_once_v2", state.path()).set("millrace.connect.timeout.ms", "5000"));
  world.write(in, keyed(100'000, 20));
  app.run_until_running();
  (void)world.read_count(out, 100);
  kafka.kill();
  BOOST_CHECK(app.streams.wait_for(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::error);
  const std::string error = app.streams.error();
  BOOST_CHECK_MESSAGE(error.find("millrace.connect.timeout.ms") != std::string::npos, error);
  BOOST_CHECK_MESSAGE(error.find(kafka.address()) != std::string::npos, error);
}

BOOST_DATA_TEST_CASE(do_not_prevent_a_close, data::make({"at_least_once", "exactly_once_v2"}), guarantee) {
  OwnKafka kafka;
  const Outage world(kafka);
  const std::string in = world.topic("in", 2);
  const std::string out = world.topic("out");
  const TempDir state;
  auto app =
      std::make_unique<App>(world, counting_values(in, out),
                            world.config(World::unique("app"), guarantee, state.path()).set("num.stream.threads", "2"));
  world.write(in, keyed(50'000, 20));
  app->run_until_running();
  (void)world.read_count(out, 100);
  kafka.kill();
  const auto start = std::chrono::steady_clock::now();
  BOOST_CHECK(app->streams.close(Millis(5'000)) || app->streams.close(Millis(30'000)));
  app.reset();
  const auto took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - start);
  BOOST_TEST_MESSAGE("closed in " << took.count() << " ms");
  BOOST_CHECK_LT(took.count(), 40'000);
}

BOOST_AUTO_TEST_CASE(at_the_start_end_in_an_error_message) {
  const World world(Broker::kafka("localhost:1"));
  const TempDir state;
  App app(
      world, counting("in", "out"),
      world.config(World::unique("app"), "exactly_once_v2", state.path()).set("millrace.connect.timeout.ms", "2000"));
  const auto start = std::chrono::steady_clock::now();
  BOOST_CHECK_EXCEPTION(app.start(), BrokerException, [](const BrokerException& error) {
    return std::string(error.what()).find("localhost:1") != std::string::npos;
  });
  BOOST_CHECK(std::chrono::steady_clock::now() - start < Millis(20'000));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
