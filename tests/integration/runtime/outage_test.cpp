// A Kafka that goes down under a running application. Each test has a server of its own: it must not disturb others.
#define BOOST_TEST_DYN_LINK
#include <sys/wait.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "integration/runtime/world.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;

/// A server that can be killed and started again with the same data and address.
class Server {
 public:
  Server() { start(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { (void)run("stop"); }

  void start() {
    const std::string out = run("start");
    const std::string marker = "bootstrap servers: ";
    const auto found = out.rfind(marker);
    BOOST_REQUIRE_MESSAGE(found != std::string::npos, "kafka.sh start said: " << out);
    const auto begin = found + marker.size();
    const auto address = out.substr(begin, out.find_first_of(" \n", begin) - begin);
    BOOST_REQUIRE(address_.empty() || address_ == address);
    address_ = address;
  }
  /// As a power cut.
  void kill() const {
    pid_t pid = 0;
    std::ifstream(directory_.path() / "pid") >> pid;
    BOOST_REQUIRE_GT(pid, 0);
    BOOST_REQUIRE(::kill(pid, SIGKILL) == 0);
    wait_until("the end of the server", [&] { return ::kill(pid, 0) != 0; });
  }
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  [[nodiscard]] std::string run(const std::string& command) const {
    const std::string line =
        std::string(MILLRACE_KAFKA_SCRIPT) + " " + command + " --port 0 --dir " + directory_.path().string() + " 2>&1";
    std::FILE* pipe = ::popen(line.c_str(), "r");
    BOOST_REQUIRE(pipe != nullptr);
    std::string out;
    char buffer[4096];
    std::size_t size = 0;
    while ((size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0) out.append(buffer, size);
    ::pclose(pipe);
    return out;
  }

  TempDir directory_;
  std::string address_;
};

struct Outage : World {
  explicit Outage(Server& server) : World(Broker::kafka(server.address())) {}
};

BOOST_AUTO_TEST_SUITE(Outages)

BOOST_DATA_TEST_CASE(of_the_broker_are_survived, data::make({"at_least_once", "exactly_once_v2"}), guarantee) {
  Server server;
  const Outage world(server);
  const std::string in = world.topic("in", 3);
  const std::string out = world.topic("out", 2);
  const TempDir state;
  App app(world, counting_values(in, out),
          world.config(World::unique("app"), guarantee, state.path())
              .set("num.stream.threads", "2")
              .set("millrace.connect.timeout.ms", "60000"));
  int written = 0;
  const auto write = [&](int count) {
    world.write(in, keyed(count, 20));
    written += count;
  };
  write(2000);
  app.run_until_running();
  (void)world.read_count(out, 500);  // in the middle of work
  server.kill();
  server.start();
  write(2000);
  (void)world.read_count(out, static_cast<std::size_t>(written));
  // Once more, while there is nothing to do.
  server.kill();
  server.start();
  write(2000);
  (void)world.read_count(out, static_cast<std::size_t>(written));
  BOOST_CHECK(app.streams.close(kPatience));
  for (const auto& failure : app.failures()) BOOST_ERROR(failure);
  if (std::string(guarantee) == "exactly_once_v2") {
    check_counted_once(world.read(out), written);
  } else {
    world.wait_until_counted(out, written, 20);
  }
}

BOOST_AUTO_TEST_CASE(without_end_are_told_and_end_the_application) {
  Server server;
  const Outage world(server);
  const std::string in = world.topic("in", 2);
  const std::string out = world.topic("out");
  const TempDir state;
  App app(
      world, counting(in, out),
      world.config(World::unique("app"), "exactly_once_v2", state.path()).set("millrace.connect.timeout.ms", "5000"));
  world.write(in, keyed(100'000, 20));
  app.run_until_running();
  (void)world.read_count(out, 100);
  server.kill();
  BOOST_CHECK(app.streams.wait_for(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::error);
  const std::string error = app.streams.error();
  BOOST_CHECK_MESSAGE(error.find("millrace.connect.timeout.ms") != std::string::npos, error);
  BOOST_CHECK_MESSAGE(error.find(server.address()) != std::string::npos, error);
}

BOOST_DATA_TEST_CASE(do_not_keep_an_application_from_ending, data::make({"at_least_once", "exactly_once_v2"}),
                     guarantee) {
  Server server;
  const Outage world(server);
  const std::string in = world.topic("in", 2);
  const std::string out = world.topic("out");
  const TempDir state;
  auto app =
      std::make_unique<App>(world, counting_values(in, out),
                            world.config(World::unique("app"), guarantee, state.path()).set("num.stream.threads", "2"));
  world.write(in, keyed(50'000, 20));
  app->run_until_running();
  (void)world.read_count(out, 100);
  server.kill();
  const auto start = std::chrono::steady_clock::now();
  BOOST_CHECK(app->streams.close(Millis(5'000)) || app->streams.close(Millis(30'000)));
  app.reset();
  const auto took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - start);
  BOOST_TEST_MESSAGE("closed in " << took.count() << " ms");
  BOOST_CHECK_LT(took.count(), 40'000);
}

BOOST_AUTO_TEST_CASE(at_the_start_end_with_a_message) {
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
