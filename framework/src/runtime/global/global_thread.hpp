// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "runtime/global/bootstrap_watch.hpp"
#include "runtime/global/global_stores.hpp"
#include "runtime/task/stream_task.hpp"
#include "runtime/thread/patience.hpp"
#include "runtime/thread/retry_streak.hpp"

namespace millrace::detail {

/// Fills the global stores of an application from all partitions of their topics. Every instance has all data. First
/// the thread reads the topics up to their present ends (the bootstrap). The stream threads wait until the bootstrap is
/// complete. Then the thread reads new records as they arrive. (Kafka Streams: `GlobalStreamThread`.)
///
/// The position in the topics is part of the state: it reaches RocksDB together with the data, and nothing is committed
/// to the broker. During the bootstrap, data and positions are flushed to disk every second. So the bootstrap makes
/// progress even if the process is killed repeatedly.
///
/// Rebuild  The stores are emptied and their topics are read again from the beginning, if the files are damaged or a
///          topic was deleted and created again. Readers wait meanwhile (StoreGate): they must not see a half-filled
///          store.
/// Topics   The thread looks for new partitions every metadata.max.age.ms. A new partition is read from its beginning.
/// Threads  open() on the thread that starts the application; request_stop() and rebuild(directory) on any thread;
///          stop() on any one thread.
/// Errors   A retriable BrokerException is logged, and the step is repeated. After a RetriableException of a serde or
///          of a processor, the record is tried again, for up to task.timeout.ms. If the record may be half processed,
///          the stores go back to their last commit first. Any other exception ends the thread.
class GlobalThread {
 public:
  /// Callbacks to the application. This thread calls both.
  struct Hooks {
    /// All stores are complete. Called after the bootstrap and after each rebuild.
    std::function<void()> ready;
    /// The thread has failed and ends. Called at most once.
    std::function<void(const std::exception&)> failed;
  };

  /// `environment` is copied; what it refers to must outlive the object, and so must `broker` and `admin`. `directory`:
  /// for stores on disk; empty if there are none. `give_up_after`: how long requests to a broker that does not answer
  /// are repeated.
  GlobalThread(const TaskEnvironment& environment, Broker& broker, Admin& admin, ClientConfig consumer_config,
               std::filesystem::path directory, Millis give_up_after);
  /// Calls stop().
  ~GlobalThread();
  GlobalThread(const GlobalThread&) = delete;
  GlobalThread& operator=(const GlobalThread&) = delete;

  /// Whether the topology has global stores.
  [[nodiscard]] static bool needed(const TopologyBuilder& topology) { return !topology.global_stores().empty(); }

  /// Opens the stores and moves the consumer to their positions. Damaged stores are emptied. Throws TopologyException
  /// if a topic does not exist.
  void open();
  /// Reads the topics up to the ends that open() saw. Returns early after request_stop(). Waits for the end of an open
  /// transaction, and logs a warning meanwhile. Throws BrokerException if no record arrives and the broker does not
  /// answer for `give_up_after`. REQUIRES: open() has returned. The thread of start() calls this function; only tests
  /// call it directly.
  void bootstrap();

  /// Starts the thread. It runs the bootstrap, calls `hooks.ready`, and then reads new records. REQUIRES: open() has
  /// returned.
  void start(Hooks hooks);
  /// Reports that a reader has found damaged files in `directory`. From any thread. If `directory` belongs to the
  /// global stores, readers wait from now on until the thread has filled the stores again. Returns false if `directory`
  /// does not belong to them.
  [[nodiscard]] bool rebuild(const std::filesystem::path& directory);
  /// Asks the thread to end after the record that is being processed. Readers stop waiting: their reads throw, see
  /// StoreGate. From any thread.
  void request_stop();
  /// Ends the thread, commits and closes the stores. Further calls do nothing. Waits for the record that is being
  /// processed.
  void stop();

  /// For readers; complete after bootstrap().
  [[nodiscard]] GlobalStores& stores() { return stores_; }

 private:
  /// The output of the global task, which must not send records.
  class NoOutput;

  /// A partition that is read.
  struct Input {
    RecordQueues::Queue* queue = nullptr;
    /// The offset after the last record that was read.
    std::int64_t next = 0;
  };

  /// One attempt of open(). May be repeated after an exception.
  void try_open(Millis timeout);
  /// The partitions that were deleted and created again since the stores read them, as far as the records show it.
  [[nodiscard]] std::set<TopicPartition> topics_made_anew(Millis timeout);
  /// Makes the stores and the task.
  void open_task(const std::vector<const NodeSpec*>& nodes, const std::vector<TopicPartition>& inputs);
  /// Destroys the task and its stores, without a commit. REQUIRES: the gate is closed, or there are no readers.
  void close_task();
  /// Assigns all inputs to the consumer. Each is read from Input::next.
  void assign();

  /// The body of the thread.
  void run();
  /// Reports the exception that ends the thread. Called on the thread.
  void failed(const std::exception& error);
  /// Runs the bootstrap, and rebuilds the stores if they are damaged. Then opens the gate for the readers.
  void fill();
  /// One step after the bootstrap. Rebuilds the stores if needed.
  void follow();
  /// Closes the gate, empties stores and opens them again. `why`: for the log. `topic`: only the stores of this topic
  /// are emptied; nullopt: all stores are emptied, and their files are deleted.
  void rebuild(const std::string& why, const std::optional<std::string>& topic);
  /// One step(). Calls look_at_topics() at the interval metadata.max.age.ms. Pauses after a retriable error of the
  /// broker. Throws StateCorruptedException or TopicMadeAnew if the stores must be rebuilt.
  void round();
  /// Polls once and processes the records. Commits between two records if a commit is due.
  void step();
  /// Processes the first record of the queues. Returns false if they are empty. If the record cannot be decoded now,
  /// pauses and returns true. Throws TaskRetry if the record may be half processed.
  [[nodiscard]] bool process_one();
  /// Pauses until the next attempt is due, or until a stop. Throws StreamsException if it took too long already.
  void wait_for_retry(const RetriableException& failure);
  /// The attempt has succeeded.
  void end_retry();
  /// Pauses. Then the stores go back to their last commit, and reading continues there. Readers wait meanwhile.
  void start_again(const RetriableException& failure);
  /// Sleeps until `at` (Clock::monotonic_ms()) or until a stop.
  void sleep_until(Timestamp at);
  [[nodiscard]] Input& input_of(const ConsumerRecord& record);
  void commit_if_due();
  /// Makes data and positions part of the database.
  void commit();
  /// As commit(), and flushes the database to disk.
  void commit_to_disk();
  /// Whether the uncommitted data exceed this thread's share of statestore.uncommitted.max.bytes.
  [[nodiscard]] bool too_much_uncommitted() const;
  /// Whether all partitions have reached the ends that open() saw.
  [[nodiscard]] bool caught_up();
  /// Compares the inputs with the present partitions and ends of the topics. Adds new partitions. Throws TopicMadeAnew
  /// if a topic was deleted and created again.
  void look_at_topics();
  /// Adds a new partition of a topic to the inputs. REQUIRES: the queues are empty.
  void add_input(const TopicPartition& input);
  /// Logs an error, unless its text is the same as that of the last one, and pauses.
  void pause_after(const BrokerException& error);

  TaskEnvironment environment_;
  Broker& broker_;
  Admin& admin_;
  ClientConfig consumer_config_;
  std::filesystem::path directory_;
  std::optional<std::size_t> uncommitted_max_bytes_;
  std::int64_t commit_ms_;    ///< commit.interval.ms
  std::int64_t metadata_ms_;  ///< metadata.max.age.ms
  Millis give_up_after_;
  /// Repeats the requests of open().
  Patience patience_;
  RetrySettings retries_;
  /// Before task_, so it is destroyed after it: the task's stores use the lock and the byte stores in here.
  GlobalStores stores_;
  std::unique_ptr<NoOutput> output_;
  std::unique_ptr<StoreSet> store_set_;
  std::unique_ptr<StreamTask> task_;
  /// Made once, so that request_stop() may wake it up at any time after open().
  std::unique_ptr<Consumer> consumer_;
  std::map<TopicPartition, Input> inputs_;
  // The input of the last record, as a cache of input_of(): records of one partition usually follow each other.
  const std::string* last_topic_ = nullptr;
  std::int32_t last_partition_ = -1;
  Input* last_input_ = nullptr;
  std::vector<ConsumerRecord> records_;
  /// The largest number of records of the next poll. Computed from the average size of the last records.
  std::size_t records_to_poll_ = 100;
  /// The ends (exclusive) that the bootstrap must still reach.
  std::map<TopicPartition, std::int64_t> ends_;
  /// True while the bootstrap runs.
  bool filling_ = false;
  // As Clock::monotonic_ms().
  Timestamp last_commit_ = 0;
  Timestamp last_to_disk_ = 0;
  Timestamp last_look_ = 0;
  /// The last error that was logged; empty after a round without one.
  std::string last_error_;
  /// Set while a RetriableException is retried.
  std::optional<RetryStreak> retry_;
  /// The record that is retried. Unset: a commit, or the start.
  std::optional<InputRecord> retried_;
  /// Topics that did not exist at the last look_at_topics(). If such a topic exists again, it is a new topic.
  std::set<std::string> gone_;
  std::atomic<bool> stop_ = false;
  /// A reader has reported damage. Set by rebuild(directory) on any thread, reset by this thread.
  std::atomic<bool> damaged_ = false;
  /// The thread has failed. Written by the thread, and read only after it was joined.
  bool broken_ = false;
  Hooks hooks_;
  std::thread thread_;
};

}  // namespace millrace::detail
