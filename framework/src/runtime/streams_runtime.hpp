// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "millrace/common/logging.hpp"
#include "millrace/runtime/streams.hpp"
#include "runtime/global/global_thread.hpp"
#include "runtime/housekeeping.hpp"
#include "runtime/thread/stream_thread.hpp"

namespace millrace::detail {

/// The implementation of Streams: state that the threads of an application share, and the threads themselves.
///
/// Threads
///   - worker threads: one StreamThread each, in a loop of run_once();
///   - the global thread (GlobalThread), if the topology has global stores;
///   - the main thread: runs Housekeeping; when all workers have ended, releases everything and sets the final state;
///   - the caller's threads: all public methods are thread-safe.
///
/// Locks: listener_mutex_ is taken before mutex_. No user code (listener, handler) runs under mutex_.
///
/// Life: created by Streams, which owns it through a shared_ptr.
class StreamsRuntime {
 public:
  /// Validates the configuration and locks the state directory. Throws as the constructor of Streams. Starts no thread
  /// and sends nothing. `clock` must outlive the object.
  StreamsRuntime(Topology topology, StreamsConfig config, std::shared_ptr<Broker> broker, const Clock& clock);
  /// Waits without limit for all threads, because they use this object. A processor that never returns blocks it.
  ~StreamsRuntime();

  /// See Streams. Throws StreamsException if called twice.
  void start();
  bool close(Millis timeout);
  [[nodiscard]] bool closed_cleanly() const;
  bool wait_for(Millis timeout);

  [[nodiscard]] Streams::State state() const;
  [[nodiscard]] std::string error() const;
  [[nodiscard]] Streams::Counters counters() const;
  [[nodiscard]] Metrics metrics() const { return metrics_->registry.snapshot(); }
  [[nodiscard]] std::map<TopicPartition, std::int64_t> committed_offsets() const;

  // Public, because Streams sets them. They must be set before start(); the threads read them without a lock.
  Streams::StateListener state_listener;
  Streams::UncaughtExceptionHandler exception_handler;
  ExceptionHandlers exception_handlers;
  Streams::RestoreListener restore_listener;

 private:
  /// One place for a stream thread. A replacement uses the same place, the same number and the same operating system
  /// thread.
  struct Worker {
    /// Only the worker's own thread replaces it, and holds mutex_ while doing so. Other threads may use it under
    /// mutex_.
    std::unique_ptr<StreamThread> stream_thread;
    std::thread thread;
    /// The pause before the next replacement. It grows while replacements keep failing.
    Millis replace_pause{0};
    /// When the last replacement was made, as Clock::monotonic_ms(); 0: never.
    Timestamp replaced_at = 0;
  };

  /// Throws ConfigException if a setting for a consumer or producer is wrong.
  void check_clients() const;
  /// Registers the metrics of the application as a whole.
  void make_metrics();
  /// Makes the plan and the environment that all threads share. Creates missing internal topics.
  void make_environment();
  /// Opens the global stores, if there are any.
  void open_global();
  /// Starts the global thread. The workers wait until it has filled the stores.
  void start_global();
  /// Without a thread number.
  [[nodiscard]] ClientNames client_names() const;
  /// `number` counts from 1. Throws if the clients cannot be made.
  [[nodiscard]] std::unique_ptr<StreamThread> make_stream_thread(int number);

  // --- On a worker's thread

  /// The body of a worker's thread.
  void run(Worker& worker);
  /// Waits until the global stores are complete for the first time, or until the application ends.
  void wait_for_global();
  /// Asks the uncaught exception handler. Returns whether the worker goes on with a new stream thread.
  [[nodiscard]] bool handle_failure(Worker& worker, const std::exception& error);
  /// The level at which a failure of a thread is logged. `debug` if another thread has just failed with the same error.
  /// `warn` while the application is ending, because the failure is then a consequence of the end. Otherwise `error`.
  [[nodiscard]] LogLevel failure_level(const std::string& thread, const std::string& error);
  /// A handler that throws counts as shutdown_client.
  [[nodiscard]] Streams::ExceptionResponse ask_handler(const std::exception& error) const;
  /// Waits for the replacement pause, then puts a new StreamThread in place of the failed one.
  void replace(Worker& worker);
  /// The application ends with this error. The first error is kept. From any thread.
  void fail(const std::string& error);

  // --- On the main thread

  /// The body of the main thread.
  void keep_house();
  /// Joins the workers, releases all resources, sets the final state.
  void finish();

  /// Derives RUNNING or REBALANCING from the states of the stream threads.
  void update_state();
  /// Changes the state if this transition is allowed, and calls the listener.
  void set_state(Streams::State next);
  /// Calls the listener. Its exceptions are only logged.
  void notify(Streams::State now, Streams::State before) const;
  /// Tells all workers to end. No wait for the broker goes beyond `deadline`. An earlier deadline stays in force.
  void request_stop(Patience::SteadyClock::time_point deadline);
  /// The state that update_state() should set. REQUIRES: mutex_ is held.
  [[nodiscard]] Streams::State wanted_state() const;
  [[nodiscard]] bool stopping() const;

  Topology topology_;
  StreamsConfig config_;
  std::shared_ptr<Broker> broker_;
  const Clock& clock_;
  std::string application_id_;
  /// Null: no store is persistent. Then no directory is locked.
  std::unique_ptr<StateDirectory> state_directory_;
  /// A UUID. Part of transactional ids, so two instances of an application never fence each other.
  std::string process_id_;
  std::shared_ptr<ClientMetrics> metrics_;
  std::unique_ptr<Admin> admin_;
  /// Set by start(). The threads hold references to it.
  std::optional<ThreadEnvironment> environment_;
  std::unique_ptr<GlobalThread> global_;  ///< null: there are no global stores

  /// Makes changes of state one after the other, so that the listener sees them in order. Recursive, because a listener
  /// may itself cause a change, for example by close().
  std::recursive_mutex listener_mutex_;
  /// Guards the members below, up to stop_deadline_.
  mutable std::mutex mutex_;
  /// Notified when state_, stop_, replan_, global_ready_ or alive_ changes.
  std::condition_variable changed_;
  Streams::State state_ = Streams::State::created;
  /// Why the application failed; empty if it did not.
  std::string error_;
  /// The failure of a thread that was logged last. `at`: Clock::monotonic_ms().
  struct {
    std::string thread;
    std::string error;
    Timestamp at = 0;
  } logged_;
  /// The application is ending.
  bool stop_ = false;
  /// The global stores were complete at least once. True if there are no global stores.
  bool global_ready_ = true;
  /// A stream thread has asked for a new plan.
  bool replan_ = false;
  /// No thread has failed to commit its last work.
  bool clean_ = true;
  /// Workers whose thread has not ended.
  std::size_t alive_ = 0;
  std::shared_ptr<const TopologyPlan> plan_;
  /// Offsets that this instance committed last (next offset to read).
  std::map<TopicPartition, std::int64_t> committed_;
  /// Set by start(), emptied by finish(). Each Worker stays at its address.
  std::vector<std::unique_ptr<Worker>> workers_;
  /// Given to stream threads that are made while the application ends.
  Patience::SteadyClock::time_point stop_deadline_ = Patience::SteadyClock::time_point::max();

  /// Lets start() and close() run one at a time. Taken before all other locks.
  std::mutex close_mutex_;
  std::thread main_thread_;
};

}  // namespace millrace::detail
