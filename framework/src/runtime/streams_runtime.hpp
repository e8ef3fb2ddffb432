#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "millrace/runtime/streams.hpp"
#include "runtime/global/global_thread.hpp"
#include "runtime/housekeeping.hpp"
#include "runtime/thread/stream_thread.hpp"

namespace millrace::detail {

/// What is behind Streams: the shared state of an application, its stream threads, and one thread that keeps house
/// and, when all stream threads have ended, clears up and sets the final state.
class StreamsRuntime {
 public:
  StreamsRuntime(Topology topology, StreamsConfig config, std::shared_ptr<Broker> broker, const Clock& clock);
  /// Waits for all threads, for as long as user code takes.
  ~StreamsRuntime();

  void start();
  bool close(Millis timeout);
  bool wait_for(Millis timeout);

  [[nodiscard]] Streams::State state() const;
  [[nodiscard]] std::string error() const;
  [[nodiscard]] Streams::Counters counters() const;
  [[nodiscard]] Metrics metrics() const { return metrics_->registry.snapshot(); }
  [[nodiscard]] std::map<TopicPartition, std::int64_t> committed_offsets() const;

  // Set before start().
  Streams::StateListener state_listener;
  Streams::UncaughtExceptionHandler exception_handler;
  ExceptionHandlers exception_handlers;
  Streams::RestoreListener restore_listener;

 private:
  struct Worker {
    std::unique_ptr<StreamThread> stream_thread;  ///< replaced by its own thread only, under the mutex
    std::thread thread;
    Millis replace_pause{0};
    Timestamp replaced_at = 0;  ///< monotonic
  };

  void make_metrics();
  void make_environment();
  void start_global();
  [[nodiscard]] ClientNames client_names() const;
  [[nodiscard]] std::unique_ptr<StreamThread> make_stream_thread(int number);

  // On a worker's thread.
  void run(Worker& worker);
  /// Returns whether the worker goes on with a new stream thread.
  [[nodiscard]] bool handle_failure(Worker& worker, const std::exception& error);
  [[nodiscard]] Streams::ExceptionResponse ask_handler(const std::exception& error) const;
  void replace(Worker& worker);
  void fail(const std::string& error);

  // On the application's main thread.
  void keep_house();
  void finish();

  void update_state();
  void set_state(Streams::State next);
  void notify(Streams::State now, Streams::State before) const;
  void request_stop(Patience::SteadyClock::time_point deadline);
  [[nodiscard]] Streams::State wanted_state() const;  ///< under the mutex
  [[nodiscard]] bool stopping() const;

  Topology topology_;
  StreamsConfig config_;
  std::shared_ptr<Broker> broker_;
  const Clock& clock_;
  std::string application_id_;
  std::unique_ptr<StateDirectory> state_directory_;
  std::string process_id_;
  std::shared_ptr<ClientMetrics> metrics_;
  std::unique_ptr<Admin> admin_;
  std::optional<ThreadEnvironment> environment_;
  std::unique_ptr<GlobalThread> global_;  ///< null: there are no global stores

  std::recursive_mutex listener_mutex_;  ///< one change of state at a time; a listener may cause the next one
  mutable std::mutex mutex_;             ///< guards what follows
  std::condition_variable changed_;
  Streams::State state_ = Streams::State::created;
  std::string error_;
  bool stop_ = false;
  bool replan_ = false;
  std::size_t alive_ = 0;
  std::shared_ptr<const TopologyPlan> plan_;
  std::map<TopicPartition, std::int64_t> committed_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Patience::SteadyClock::time_point stop_deadline_ = Patience::SteadyClock::time_point::max();

  std::mutex close_mutex_;  ///< one closer at a time
  std::thread main_thread_;
};

}  // namespace millrace::detail
