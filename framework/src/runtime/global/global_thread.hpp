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

/// Fills the global stores of an application from all partitions of their topics. Every instance has all data. Before
/// any stream thread starts, bootstrap() reads up to the present end of the topics. Then a thread of its own follows
/// the new records. (Kafka Streams: `GlobalStreamThread`.)
///
/// The position in the topics is part of the state: it reaches RocksDB together with the data, and nothing is committed
/// to the broker. After a crash, the records since the last commit are read again.
///
/// Threads  bootstrap() and start() on the thread that starts the application; stop() on any one thread
/// Errors   a retriable BrokerException is logged and the step repeated; any other exception ends the thread
class GlobalThread {
 public:
  /// `environment` is copied; what it refers to must outlive the object, and so must `broker` and `admin`. `directory`:
  /// for stores on disk; empty if there are none.
  GlobalThread(const TaskEnvironment& environment, Broker& broker, Admin& admin, ClientConfig consumer_config,
               std::filesystem::path directory);
  /// Calls stop().
  ~GlobalThread();
  GlobalThread(const GlobalThread&) = delete;
  GlobalThread& operator=(const GlobalThread&) = delete;

  /// Whether the topology has global stores.
  [[nodiscard]] static bool needed(const TopologyBuilder& topology) { return !topology.global_stores().empty(); }

  /// Opens the stores and reads the topics up to their present ends. Throws TopologyException if a topic does not
  /// exist. Throws BrokerException if nothing arrives for `give_up_after` although there is more to read.
  void bootstrap(Millis give_up_after);

  /// Starts the thread. If it cannot go on, it calls `failed` once, on this thread, and ends.
  void start(std::function<void(const std::exception&)> failed);
  /// Ends the thread, commits and closes the stores. Further calls do nothing. Waits for the record that is being
  /// processed.
  void stop();

  /// For readers; filled after bootstrap().
  [[nodiscard]] GlobalStores& stores() { return stores_; }

 private:
  /// The output of the global task, which must not send records.
  class NoOutput;

  /// Opens the stores and moves the consumer to their positions. May be repeated after an exception.
  void open(Millis timeout);
  /// Makes the stores and the task.
  void open_task(const std::vector<const NodeSpec*>& nodes, const std::vector<TopicPartition>& inputs);
  /// The body of the thread.
  void run();
  /// Polls once and processes the records. Returns their number.
  std::size_t step(Millis timeout);
  /// Makes data and positions durable.
  void commit();
  /// Whether the uncommitted data exceed this thread's share of statestore.uncommitted.max.bytes.
  [[nodiscard]] bool too_much_uncommitted() const;
  /// Whether all partitions have reached the ends that open() saw.
  [[nodiscard]] bool caught_up();

  TaskEnvironment environment_;
  Broker& broker_;
  Admin& admin_;
  ClientConfig consumer_config_;
  std::filesystem::path directory_;
  std::optional<std::size_t> uncommitted_max_bytes_;
  /// Before task_, so it is destroyed after it: the task's stores use the lock and the byte stores in here.
  GlobalStores stores_;
  std::unique_ptr<NoOutput> output_;
  std::unique_ptr<StoreSet> store_set_;
  std::unique_ptr<StreamTask> task_;
  std::unique_ptr<Consumer> consumer_;
  std::vector<ConsumerRecord> records_;
  /// The ends (exclusive) that bootstrap() must still reach.
  std::map<TopicPartition, std::int64_t> ends_;
  /// Clock::monotonic_ms().
  Timestamp last_commit_ = 0;
  std::atomic<bool> stop_ = false;
  /// The thread has failed. Written by the thread, and read only after it was joined.
  bool broken_ = false;
  std::function<void(const std::exception&)> failed_;
  std::thread thread_;
};

}  // namespace millrace::detail
