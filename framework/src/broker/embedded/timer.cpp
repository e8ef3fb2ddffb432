// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/timer.hpp"

#include <utility>

namespace millrace::detail::embedded {

Timer::Timer() : thread_([this] { run(); }) {}

Timer::~Timer() { stop(); }

void Timer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Timer::at(Time time, std::function<void()> job) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = jobs_.empty() || time < jobs_.begin()->first;
    jobs_.emplace(time, std::move(job));
  }
  // The thread sleeps until the first job is due. Only a new first job changes that.
  if (first) changed_.notify_one();
}

void Timer::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (jobs_.empty()) {
      changed_.wait(lock);
    } else if (const Time due = jobs_.begin()->first; due > std::chrono::steady_clock::now()) {
      changed_.wait_until(lock, due);
    } else {
      auto job = std::move(jobs_.begin()->second);
      jobs_.erase(jobs_.begin());
      lock.unlock();
      job();
      job = nullptr;  // destroys the job's captures without the mutex
      lock.lock();
    }
  }
}

}  // namespace millrace::detail::embedded
