// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail {

/// How long a thread repeats a call to the broker that may still succeed. A long wait is made in short slices. So the
/// application can be closed although the broker is out of reach: end_by() shortens every wait, even one that is under
/// way.
///
/// Threads: one thread makes calls, any thread may call end_by(). Uses the real steady clock, because it measures real
/// waiting.
class Patience {
 public:
  using SteadyClock = std::chrono::steady_clock;

  /// `timeout`: the limit for each call.
  explicit Patience(Millis timeout) : timeout_(timeout) {}

  /// From now on, nothing waits beyond this time. From any thread.
  void end_by(SteadyClock::time_point deadline) { end_ = deadline.time_since_epoch().count(); }

  /// Calls `call(Millis slice)`, and repeats it while it throws a retriable BrokerException and time is left. `call`
  /// must not wait longer than `slice`. Makes at least one call, even without time left. Throws the last exception when
  /// the time is over, and every other exception at once.
  template <class Call>
  void operator()(Call&& call) const {
    const auto start = SteadyClock::now();
    while (true) {
      const Millis left = left_since(start);
      try {
        call(std::clamp(left, kShortestSlice, kSlice));
        return;
      } catch (const BrokerException& error) {
        if (error.severity() != BrokerException::Severity::retriable || left_since(start) <= Millis(0)) throw;
      }
      // Some calls fail at once. Without a pause, this loop would use a whole core.
      std::this_thread::sleep_for(kPause);
    }
  }

  /// Makes a call that may never return. It runs on a thread of its own. Returns true when it has returned, and throws
  /// its exception. Returns false if it does not return in time (at least one slice). Then its thread is left behind
  /// and may still run, so `call` must own everything that it uses.
  template <class Call>
  [[nodiscard]] bool make_or_leave(Call call) const {
    const auto start = SteadyClock::now();
    std::packaged_task<void()> task(std::move(call));
    auto done = task.get_future();
    std::thread thread(std::move(task));
    do {
      if (done.wait_for(kSlice) == std::future_status::ready) {
        thread.join();
        done.get();
        return true;
      }
    } while (left_since(start) > Millis(0));
    thread.detach();
    return false;
  }

 private:
  // One attempt takes at most kSlice, so end_by() takes effect after at most this time. It gets at least
  // kShortestSlice, or no request could be answered.
  static constexpr Millis kSlice{1'000};
  static constexpr Millis kShortestSlice{100};
  static constexpr Millis kPause{5};

  /// The rest of the timeout or of the time until end_by(), whichever is shorter. May be negative.
  [[nodiscard]] Millis left_since(SteadyClock::time_point start) const {
    const SteadyClock::time_point end{SteadyClock::duration(end_.load())};
    return std::chrono::duration_cast<Millis>(std::min(start + timeout_, end) - SteadyClock::now());
  }

  Millis timeout_;
  /// A time point as its number of ticks, so that the atomic is a plain integer.
  std::atomic<SteadyClock::rep> end_{SteadyClock::time_point::max().time_since_epoch().count()};
};

}  // namespace millrace::detail
