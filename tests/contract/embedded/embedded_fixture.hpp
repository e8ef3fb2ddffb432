#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/embedded/core.hpp"
#include "contract/contract.hpp"
#include "support/temp_dir.hpp"

namespace millrace::contract {
using namespace detail;

/// A broker with its inside open: for what only time brings about (retention, compaction), and for closing it.
class EmbeddedFixture {
 public:
  EmbeddedFixture() { open(); }

  void open() { core = std::make_shared<embedded::Core>(directory.path()); }
  /// As the end of the process: nobody has clients any more.
  void reopen() {
    core.reset();
    open();
  }

  void create(const std::string& topic, const std::map<std::string, std::string>& configs = {},
              std::int32_t partitions = 1);
  /// Writes to partition 0, in a batch of its own.
  void write(const std::string& topic, const std::vector<ProducerRecord>& records);
  void write(const std::string& topic, std::optional<std::string> key, std::optional<std::string> value,
             Timestamp timestamp);
  [[nodiscard]] std::unique_ptr<Consumer> consumer(ClientConfig config = {});
  [[nodiscard]] std::unique_ptr<Producer> producer(ClientConfig config = {}, DeliveryListener* listener = nullptr);
  [[nodiscard]] std::unique_ptr<Admin> admin();
  /// Everything visible in partition 0, as `offset:key=value`; `-` is null.
  [[nodiscard]] std::vector<std::string> contents(const std::string& topic, ClientConfig config = {});

  const TempDir directory;
  std::shared_ptr<embedded::Core> core;
};

}  // namespace millrace::contract
