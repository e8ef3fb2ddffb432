// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace millrace::detail::embedded {

/// A thread that runs jobs at given times, one after another. A long job delays the others. Thread-safe.
class Timer {
 public:
  /// Monotonic time.
  using Time = std::chrono::steady_clock::time_point;

  /// Starts the thread.
  Timer();
  /// Waits for the running job. Drops the jobs that have not started.
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Runs `job` on the timer's thread at `time` or soon after. The job must not throw.
  void at(Time time, std::function<void()> job);

  /// Waits for the running job and ends the thread. No job runs after this call. Further calls do nothing.
  void stop();

 private:
  void run();

  std::mutex mutex_;  ///< guards jobs_ and stopping_; not held while a job runs
  std::condition_variable changed_;
  /// By time. Several jobs may be due at the same time.
  std::multimap<Time, std::function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;  ///< last: uses the members above
};

}  // namespace millrace::detail::embedded
