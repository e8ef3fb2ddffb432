#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "runtime/global/global_stores.hpp"
#include "runtime/task/stream_task.hpp"
#include "runtime/thread/patience.hpp"

namespace millrace::detail {

/// Fills the global stores of an application from all partitions of their topics: first up to the present end, before
/// any stream thread starts, then as records come, on a thread of its own.
///
/// Its offsets are part of the state: they reach RocksDB together with the data. A crash replays the tail.
/// (Kafka Streams: `GlobalStreamThread`.)
class GlobalThread {
 public:
  /// `environment` is copied and must refer to things that live as long. `directory`: for persistent stores.
  GlobalThread(const TaskEnvironment& environment, Broker& broker, Admin& admin, ClientConfig consumer_config,
               std::filesystem::path directory);
  ~GlobalThread();
  GlobalThread(const GlobalThread&) = delete;
  GlobalThread& operator=(const GlobalThread&) = delete;

  /// Whether the topology has global stores at all.
  [[nodiscard]] static bool needed(const TopologyBuilder& topology) { return !topology.global_stores().empty(); }

  /// Reads everything that is there. Throws TopologyException for a topic that does not exist, and BrokerException if
  /// the broker stays away for so long.
  void bootstrap(Millis give_up_after);

  /// Goes on in the background. `failed` is called on that thread, once, if it cannot.
  void start(std::function<void(const std::exception&)> failed);
  void stop();

  [[nodiscard]] GlobalStores& stores() { return stores_; }

 private:
  class NoOutput;

  void open(Millis timeout);
  void open_task(const std::vector<const NodeSpec*>& nodes, const std::vector<TopicPartition>& inputs);
  void run();
  /// Returns the number of records.
  std::size_t step(Millis timeout);
  void commit();
  [[nodiscard]] bool too_much_uncommitted() const;
  [[nodiscard]] bool caught_up();

  TaskEnvironment environment_;
  Broker& broker_;
  Admin& admin_;
  ClientConfig consumer_config_;
  std::filesystem::path directory_;
  std::optional<std::size_t> uncommitted_max_bytes_;
  GlobalStores stores_;
  std::unique_ptr<NoOutput> output_;
  std::unique_ptr<StoreSet> store_set_;
  std::unique_ptr<StreamTask> task_;
  std::unique_ptr<Consumer> consumer_;
  std::vector<ConsumerRecord> records_;
  std::map<TopicPartition, std::int64_t> ends_;  ///< to be reached by bootstrap()
  Timestamp last_commit_ = 0;
  std::atomic<bool> stop_ = false;
  bool broken_ = false;
  std::function<void(const std::exception&)> failed_;
  std::thread thread_;
};

}  // namespace millrace::detail
