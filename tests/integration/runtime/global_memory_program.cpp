// SPDX-License-Identifier: Apache-2.0
// Fills a global table from an embedded broker, as an application does at its start. Prints the peak memory of the
// process in kB. A separate program, so that the peak contains nothing else.
//
//     global_memory_program DIR RECORDS BYTES
//
// DIR is an empty directory. BYTES is the size of each value.
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>

#include "millrace/broker/broker.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/runtime/streams.hpp"

namespace {

using namespace millrace;

constexpr Millis kPatience{120'000};

std::int64_t peak_memory_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
  }
  return -1;
}

void write(Broker& broker, int records, std::size_t bytes) {
  (void)broker.make_admin()->create_topic({"table", 2, -1, {}}, kPatience);
  const auto producer = broker.make_producer({}, nullptr);
  const std::string value(bytes, 'v');
  for (int i = 0; i < records; ++i) {
    const std::string key = std::to_string(i);
    producer->send({"table", i % 2, key, value, std::nullopt, nullptr});
    if (i % 100 == 99) producer->flush(kPatience);
  }
  producer->flush(kPatience);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string directory = argv[1];
  const std::shared_ptr<Broker> broker = Broker::embedded(directory + "/broker");
  write(*broker, std::stoi(argv[2]), std::stoul(argv[3]));
  StreamsBuilder builder;
  (void)builder.global_table<std::string, std::string>("table", Materialized::as("table"));
  Streams streams(builder.build(),
                  StreamsConfig().set("application.id", "global-memory").set("state.dir", directory + "/state"),
                  broker);
  streams.start();
  while (streams.state() == Streams::State::rebalancing && !streams.wait_for(Millis(10))) {
  }
  const bool filled = streams.state() == Streams::State::running;
  std::cout << peak_memory_kb() << "\n";
  return streams.close() && filled ? 0 : 1;
}
