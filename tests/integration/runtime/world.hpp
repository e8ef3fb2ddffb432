// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/runtime/topologies.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/runtime/streams.hpp"
#include "support/temp_dir.hpp"

/// Shared by the integration tests of the runtime. They run on the broker that the command line names (`runtime_tests
/// -- embedded` or `-- kafka`). Topics, applications and directories have unique names.
namespace millrace::runtime_test {

/// The deadline of every wait. Long, so that a slow machine does not fail a test.
inline constexpr Millis kPatience{120'000};

/// A copy of a record that was read.
struct Row {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  Timestamp timestamp = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  Headers headers;
};

/// A record to write.
struct Input {
  std::optional<std::string> key;
  std::optional<std::string> value;
  Timestamp timestamp = 1000;
  Headers headers = {};
  std::optional<std::int32_t> partition = {};
};

/// Waits until `done` returns true. Fails the test after `patience`. `what` names the event in the message.
void wait_until(const std::string& what, const std::function<bool()>& done, Millis patience = kPatience);

/// The fixture of the tests: a broker, and functions that create, write and read topics.
class World {
 public:
  World();
  explicit World(std::shared_ptr<Broker> broker);

  [[nodiscard]] static bool on_kafka();
  /// A name that is unique among tests and runs.
  [[nodiscard]] static std::string unique(const std::string& what);

  std::string topic(const std::string& what, std::int32_t partitions = 1,
                    const std::map<std::string, std::string>& configs = {}) const;
  void create(const std::string& name, std::int32_t partitions,
              const std::map<std::string, std::string>& configs = {}) const;
  void write(const std::string& topic, const std::vector<Input>& records, const ClientConfig& settings = {}) const;
  /// All records of a topic that a read_committed consumer sees now, ordered by partition and offset.
  [[nodiscard]] std::vector<Row> read(const std::string& topic, const std::string& isolation = "read_committed") const;
  /// Reads the topic repeatedly until it has `count` records.
  [[nodiscard]] std::vector<Row> read_count(const std::string& topic, std::size_t count) const;
  /// Waits, for at least once, until each of the `keys` keys was counted up to its share of `total` records. All shares
  /// are equal.
  void wait_until_counted(const std::string& topic, int total, int keys) const;

  /// Settings for an application under test. Lost members are noticed soon, and the state is under `directory`.
  [[nodiscard]] StreamsConfig config(const std::string& application_id, const std::string& guarantee,
                                     const std::filesystem::path& directory) const;

  std::shared_ptr<Broker> broker;
  std::unique_ptr<Admin> admin;
};

/// An application that records its states and errors.
class App {
 public:
  App(const World& world, const Topology& topology, const StreamsConfig& config);

  void start() { streams.start(); }
  void run_until_running();
  /// The states in their order, without `CREATED`.
  [[nodiscard]] std::vector<std::string> states() const;
  [[nodiscard]] std::vector<std::string> failures() const;

  Streams streams;
  Streams::ExceptionResponse response = Streams::ExceptionResponse::shutdown_client;

 private:
  struct Seen {
    std::mutex mutex;
    std::vector<std::string> states;
    std::vector<std::string> failures;
  };
  std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
};

/// `count` records with keys "k0".."k<keys-1>" in turn.
[[nodiscard]] std::vector<Input> keyed(int count, int keys, int first = 0);

/// The counts in the output by key, in order.
[[nodiscard]] std::map<std::string, std::vector<std::int64_t>> counts(const std::vector<Row>& rows);

/// Checks for exactly once that the counts of each key are 1, 2, 3... without gap or repetition, and that there are
/// `total` counts.
void check_counted_once(const std::vector<Row>& rows, int total);
/// Checks for exactly once with a cache that the counts of each key rise and end at `total` / `keys`.
void check_counted_up(const std::vector<Row>& rows, int total, int keys);

}  // namespace millrace::runtime_test
