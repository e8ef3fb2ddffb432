// SPDX-License-Identifier: Apache-2.0
// An application in its own process, for tests that kill it. It counts the values of a topic.
//
//     counting_app BROKER IN OUT [topology=NAME] [key=value ...]
//
// BROKER is HOST:PORT or embedded:DIR. NAME is a function of topologies.hpp; default: counting_values. The program
// prints its state and its counters to standard output, one line whenever they change:
// `RUNNING <processed> <restored> <commits>`. SIGTERM closes the application.
#include <csignal>
#include <iostream>
#include <string>

#include "integration/runtime/topologies.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/runtime/streams.hpp"

namespace {

using namespace millrace;

volatile std::sig_atomic_t stopped = 0;

Topology topology_of(const std::string& name, const std::string& in, const std::string& out) {
  if (name == "counting") return runtime_test::counting(in, out);
  if (name == "foreign_key_join") return runtime_test::foreign_key_join(in, out);
  if (name == "slow_global_store") return runtime_test::slow_global_store(in);
  if (name == "counting_rows") return runtime_test::counting_rows(in, out);
  return runtime_test::counting_values(in, out);
}

int run(int argc, char** argv) {
  const std::string address = argv[1];
  std::string topology;
  StreamsConfig config;
  config.set("bootstrap.servers", address);
  for (int i = 4; i < argc; ++i) {
    const std::string setting = argv[i];
    const auto equals = setting.find('=');
    const std::string key = setting.substr(0, equals);
    const std::string value = setting.substr(equals + 1);
    if (key == "topology") {
      topology = value;
    } else {
      config.set(key, value);
    }
  }
  Streams streams(topology_of(topology, argv[2], argv[3]), config);
  streams.start();
  std::string told;
  const auto tell = [&] {
    const auto counters = streams.counters();
    const std::string line = std::string(to_string(streams.state())) + " " +
                             std::to_string(counters.processed_records) + " " +
                             std::to_string(counters.restored_records) + " " + std::to_string(counters.commits);
    if (line != told) std::cout << line << std::endl;
    told = line;
  };
  while (stopped == 0 && !streams.wait_for(Millis(20))) tell();
  const bool closed = streams.close(Millis(30'000));
  tell();
  if (!streams.error().empty()) std::cout << "FAILED " << streams.error() << std::endl;
  return closed && streams.error().empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGTERM, [](int) { stopped = 1; });
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cout << "FAILED " << error.what() << std::endl;
    return 1;
  }
}
