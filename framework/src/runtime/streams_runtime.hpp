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
#include "runtime/stream_thread.hpp"

namespace millrace::detail {

/// What is behind Streams: the shared state of an application, its stream threads, and a housekeeping thread.
class StreamsRuntime {
 public:
  StreamsRuntime(Topology topology, StreamsConfig config, std::shared_ptr<Broker> broker, const Clock& clock);
  ~StreamsRuntime();

  void start();
  bool close(Millis timeout);
  bool wait_for(Millis timeout);

  [[nodiscard]] Streams::State state() const;
  [[nodiscard]] std::string error() const;
  [[nodiscard]] Streams::Counters counters() const;
  [[nodiscard]] std::map<TopicPartition, std::int64_t> committed_offsets() const;

  // Set before start().
  Streams::StateListener state_listener;
  Streams::UncaughtExceptionHandler exception_handler;
  ExceptionHandlers exception_handlers;
  Streams::RestoreListener restore_listener;

 private:
  struct Worker {
    std::unique_ptr<StreamThread> stream_thread;
    std::thread thread;
  };

  void run(Worker& worker);
  void round_of(Worker& worker);
  [[nodiscard]] bool handle_failure(Worker& worker, const std::exception& error);
  void housekeeping();
  void refresh_plan();
  void purge_repartition_topics();
  void update_state();
  void set_state(Streams::State next);
  void stop_and_join();
  [[nodiscard]] bool stopping() const;
  [[nodiscard]] std::unique_ptr<StreamThread> make_stream_thread(int number);

  Topology topology_;
  StreamsConfig config_;
  std::shared_ptr<Broker> broker_;
  const Clock& clock_;
  std::string application_id_;
  std::unique_ptr<StateDirectory> state_directory_;
  std::string process_id_;
  std::unique_ptr<Admin> admin_;
  std::optional<ThreadEnvironment> environment_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Streams::State state_ = Streams::State::created;
  std::string error_;
  bool stop_ = false;
  std::size_t alive_ = 0;
  std::shared_ptr<const TopologyPlan> plan_;
  std::map<TopicPartition, std::int64_t> committed_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::thread housekeeper_;
  std::mutex close_mutex_;     ///< one closer at a time
  Streams::Counters retired_;  ///< of threads that were replaced
};

}  // namespace millrace::detail
