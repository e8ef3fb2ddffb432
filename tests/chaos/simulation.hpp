// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "chaos/faulty_broker.hpp"
#include "millrace/processor/topology.hpp"
#include "runtime/global/global_thread.hpp"
#include "runtime/thread/stream_thread.hpp"
#include "support/temp_dir.hpp"

namespace millrace::chaos {
using namespace detail;

/// A clock that only moves when a test advances it.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return monotonic_ - set_back_; }
  [[nodiscard]] Timestamp monotonic_ms() const override { return monotonic_; }
  [[nodiscard]] std::int64_t nanos() const override { return monotonic_ * 1'000'000; }
  void advance(Millis by) { monotonic_ += by.count(); }
  /// Sets the wall clock back, as an administrator may. The monotonic clock is not affected.
  void set_back(Millis by) { set_back_ += by.count(); }

 private:
  Timestamp monotonic_ = 100'000'000;
  std::int64_t set_back_ = 0;
};

/// What a process knows about the topics. It may be older than the state of the broker, and differs between processes.
struct View {
  std::set<std::string> hidden;                 ///< topics that the process does not know yet
  std::map<std::string, std::int32_t> at_most;  ///< by topic: how many partitions the process knows

  bool operator==(const View&) const = default;
};

/// One process of an application: a state directory and stream threads. The simulation runs the threads step by step on
/// its own thread. Global tables are read when the process starts, and do not follow their topics after that.
class Process {
 public:
  Process(Broker& real, Faults& faults, const ManualClock& clock, const Topology& topology, StreamsConfig config,
          int threads);
  ~Process();

  [[nodiscard]] bool up() const { return !threads_.empty(); }
  /// Global tables are read without faults.
  void start();
  /// Ends the process as kill -9 does: without closing any client. Writes that RocksDB has received stay.
  void crash();
  void close();
  /// Deletes the local state. Only while the process is down.
  void lose_state();
  /// The next start() runs this version of the application. Only while the process is down.
  void change_version(const Topology& topology) { topology_ = topology; }
  /// Sets the topics that the next look_at_topics() or start() sees.
  void set_view(View view) { view_ = std::move(view); }
  /// Makes a new plan if the topics have changed. In a real application, housekeeping does this from time to time.
  void look_at_topics();
  /// Runs one round of a random thread. A thread that ends with an exception is replaced.
  void run_one(Chance& chance);

  [[nodiscard]] const std::filesystem::path& state_dir() const { return directory_.path(); }
  [[nodiscard]] int replaced_threads() const { return replaced_; }
  [[nodiscard]] StreamThread& thread(std::size_t index) { return *threads_.at(index); }
  /// The metrics of all threads since the last start. Only while the process is up.
  [[nodiscard]] const ClientMetrics& metrics() const { return *environment_->task.metrics; }

 private:
  [[nodiscard]] std::unique_ptr<detail::StreamThread> make_thread(int number);
  [[nodiscard]] detail::TopologyPlan make_plan();
  void read_global_tables();

  Broker& real_;
  Faults& faults_;
  const ManualClock& clock_;
  Topology topology_;
  StreamsConfig config_;
  int thread_count_;
  int replaced_ = 0;
  View view_;
  bool replan_ = false;
  TempDir directory_;
  std::unique_ptr<StateDirectory> state_;
  std::unique_ptr<FaultyBroker> broker_;
  std::unique_ptr<Admin> admin_;
  std::shared_ptr<const detail::TopologyPlan> plan_;
  std::unique_ptr<detail::ThreadEnvironment> environment_;
  std::unique_ptr<GlobalThread> global_;  ///< null: the topology has no global tables
  std::vector<std::unique_ptr<detail::StreamThread>> threads_;
};

}  // namespace millrace::chaos
