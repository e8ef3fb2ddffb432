// SPDX-License-Identifier: Apache-2.0
// Counts in many windows behind a cache of the given size. Prints the number of results and the peak memory of the
// process in kB: `results peak`. A separate program, so that the peak contains nothing else.

#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>

#include "millrace/dsl/streams_builder.hpp"
#include "millrace/testing/topology_test_driver.hpp"

namespace {

using namespace millrace;
using namespace std::chrono_literals;

constexpr int kRecords = 20;
constexpr int kWindowsOfARecord = 100'000;

std::int64_t peak_memory_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
  }
  return -1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  StreamsBuilder builder;
  std::int64_t results = 0;
  builder.stream<std::string, std::string>("in")
      .group_by_key()
      .windowed_by(TimeWindows::of_size_with_no_grace(std::chrono::milliseconds(kWindowsOfARecord)).advance_by(1ms))
      .count(Materialized::as("counts").with_logging_disabled())
      .to_stream()
      .for_each([&results](const auto&, const auto&) { ++results; });
  TopologyTestDriver driver(
      builder.build(),
      StreamsConfig().set("application.id", "cache-memory").set("statestore.cache.max.bytes", argv[1]));
  auto in = driver.create_input_topic<std::string, std::string>("in");
  const std::string value(1'000, 'v');
  for (int i = 1; i <= kRecords; ++i) in.pipe_input("key", value, Timestamp{i} * kWindowsOfARecord);
  std::cout << results << " " << peak_memory_kb() << "\n";
}
