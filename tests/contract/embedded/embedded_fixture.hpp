// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/embedded/core.hpp"
#include "contract/contract.hpp"
#include "support/temp_dir.hpp"

namespace millrace::contract {
using namespace detail;

/// An embedded broker whose internals a test can reach: to run retention and compaction at a chosen time, and to close
/// the broker.
class EmbeddedFixture {
 public:
  EmbeddedFixture() { open(); }

  void open() { core = std::make_shared<embedded::Core>(directory.path()); }
  /// Closes the broker as the end of the process does. No clients may exist any more.
  void reopen() {
    core.reset();
    open();
  }

  void create(const std::string& topic, const std::map<std::string, std::string>& configs = {},
              std::int32_t partitions = 1);
  /// Writes one record to partition 0, as a batch of one record.
  void write(const std::string& topic, const std::vector<ProducerRecord>& records);
  void write(const std::string& topic, std::optional<std::string> key, std::optional<std::string> value,
             Timestamp timestamp);
  [[nodiscard]] std::unique_ptr<Consumer> consumer(ClientConfig config = {});
  [[nodiscard]] std::unique_ptr<Producer> producer(ClientConfig config = {}, DeliveryListener* listener = nullptr);
  [[nodiscard]] std::unique_ptr<Admin> admin();
  /// All visible records of partition 0, as `offset:key=value`. `-` stands for null.
  [[nodiscard]] std::vector<std::string> contents(const std::string& topic, ClientConfig config = {});

  const TempDir directory;
  std::shared_ptr<embedded::Core> core;
};

}  // namespace millrace::contract
