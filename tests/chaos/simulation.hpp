#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chaos/faulty_broker.hpp"
#include "millrace/processor/topology.hpp"
#include "runtime/thread/stream_thread.hpp"
#include "support/temp_dir.hpp"

namespace millrace::chaos {
using namespace detail;

/// A clock that stands still until it is turned.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return monotonic_ - set_back_; }
  [[nodiscard]] Timestamp monotonic_ms() const override { return monotonic_; }
  void advance(Millis by) { monotonic_ += by.count(); }
  /// As an administrator does: intervals go on.
  void set_back(Millis by) { set_back_ += by.count(); }

 private:
  Timestamp monotonic_ = 100'000'000;
  std::int64_t set_back_ = 0;
};

/// One process of an application: a state directory and stream threads, which nobody but the simulation runs.
class Process {
 public:
  Process(Broker& real, Faults& faults, const ManualClock& clock, const Topology& topology, StreamsConfig config,
          int threads);
  ~Process();

  [[nodiscard]] bool up() const { return !threads_.empty(); }
  void start();
  /// As kill -9: nothing is said to anybody. What RocksDB was given stays.
  void crash();
  void close();
  /// Loses the local state as well; only while it is down.
  void lose_state();
  /// One round of one of its threads. A thread that ends with an exception is replaced.
  void run_one(Chance& chance);

  [[nodiscard]] int replaced_threads() const { return replaced_; }
  [[nodiscard]] StreamThread& thread(std::size_t index) { return *threads_.at(index); }
  /// Of all threads since the last start. Only while it is up.
  [[nodiscard]] const ClientMetrics& metrics() const { return *environment_->task.metrics; }

 private:
  [[nodiscard]] std::unique_ptr<detail::StreamThread> make_thread(int number);

  Broker& real_;
  Faults& faults_;
  const ManualClock& clock_;
  Topology topology_;
  StreamsConfig config_;
  int thread_count_;
  int replaced_ = 0;
  TempDir directory_;
  std::unique_ptr<StateDirectory> state_;
  std::unique_ptr<FaultyBroker> broker_;
  std::unique_ptr<Admin> admin_;
  std::shared_ptr<const detail::TopologyPlan> plan_;
  std::unique_ptr<detail::ThreadEnvironment> environment_;
  std::vector<std::unique_ptr<detail::StreamThread>> threads_;
};

}  // namespace millrace::chaos
