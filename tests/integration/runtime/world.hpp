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

/// What the integration tests of the runtime share. They run on whichever broker the command line names
/// (`runtime_tests -- embedded` or `-- kafka`); topics, applications and directories have names of their own.
namespace millrace::runtime_test {

inline constexpr Millis kPatience{120'000};

/// A record as it was read.
struct Row {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  Timestamp timestamp = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  Headers headers;
};

/// A record to be written.
struct Input {
  std::optional<std::string> key;
  std::optional<std::string> value;
  Timestamp timestamp = 1000;
  Headers headers = {};
  std::optional<std::int32_t> partition = {};
};

/// Waits for `done`; fails the test after `patience`.
void wait_until(const std::string& what, const std::function<bool()>& done, Millis patience = kPatience);

/// The fixture: a broker with topics of the test's own.
class World {
 public:
  World();
  explicit World(std::shared_ptr<Broker> broker);

  [[nodiscard]] static bool on_kafka();
  /// A name that no other test or run has.
  [[nodiscard]] static std::string unique(const std::string& what);

  std::string topic(const std::string& what, std::int32_t partitions = 1,
                    const std::map<std::string, std::string>& configs = {}) const;
  void create(const std::string& name, std::int32_t partitions,
              const std::map<std::string, std::string>& configs = {}) const;
  void write(const std::string& topic, const std::vector<Input>& records, const ClientConfig& settings = {}) const;
  /// All records of a topic, by partition and offset, as a read_committed consumer sees them now.
  [[nodiscard]] std::vector<Row> read(const std::string& topic, const std::string& isolation = "read_committed") const;
  /// Reads again until there are `count` records.
  [[nodiscard]] std::vector<Row> read_count(const std::string& topic, std::size_t count) const;
  /// At least once: waits until each of the keys, which have equal shares of `total` records, was counted to its share.
  void wait_until_counted(const std::string& topic, int total, int keys) const;

  /// Settings of an application for tests: quick to notice members that are gone, its state under `directory`.
  [[nodiscard]] StreamsConfig config(const std::string& application_id, const std::string& guarantee,
                                     const std::filesystem::path& directory) const;

  std::shared_ptr<Broker> broker;
  std::unique_ptr<Admin> admin;
};

/// A running application that remembers its states and errors.
class App {
 public:
  App(const World& world, const Topology& topology, const StreamsConfig& config);

  void start() { streams.start(); }
  void run_until_running();
  /// States in order, `CREATED` not included.
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

/// The counts that came out, by key, in the order in which they came.
[[nodiscard]] std::map<std::string, std::vector<std::int64_t>> counts(const std::vector<Row>& rows);

/// Exactly once: the counts of each key are 1, 2, ... without gap or repetition, and `total` in all.
void check_counted_once(const std::vector<Row>& rows, int total);
/// Exactly once, with a cache: the counts of each key rise, and end with `total` / `keys`.
void check_counted_up(const std::vector<Row>& rows, int total, int keys);

}  // namespace millrace::runtime_test
