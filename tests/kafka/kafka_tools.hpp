// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"

/// Shared by the tests against a running Kafka.
namespace millrace::kafka_test {

/// The deadline of every wait. Long, so that a slow machine does not fail a test.
inline constexpr Millis kPatience{60'000};

/// A name that is unique among tests and runs.
inline std::string unique(const std::string& what) {
  static int counter = 0;
  static const auto run = std::chrono::system_clock::now().time_since_epoch().count();
  return "kafka-test-" + what + "-" + std::to_string(run) + "-" + std::to_string(++counter);
}

inline std::string new_topic(Broker& broker, const std::map<std::string, std::string>& configs = {},
                             std::int32_t partitions = 1) {
  const auto name = unique("topic");
  if (!broker.make_admin()->create_topic({.name = name, .partitions = partitions, .configs = configs}, kPatience)) {
    throw std::runtime_error("there is a topic " + name + " already");
  }
  return name;
}

/// Polls until `done` returns true. Throws after a time limit.
inline void poll_until(Consumer& consumer, std::size_t max_records,
                       const std::function<bool(const std::vector<ConsumerRecord>&)>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::vector<ConsumerRecord> records;
  do {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("not reached in time");
    records.clear();
    consumer.poll(records, max_records, Millis{100});
  } while (!done(records));
}

}  // namespace millrace::kafka_test
