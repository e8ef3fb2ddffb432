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

/// How long a thread goes on with a call to the broker that may succeed later. Calls are made in slices, so that the
/// application can be closed while the broker is out of reach: end_by() shortens every wait, also one under way.
class Patience {
 public:
  using SteadyClock = std::chrono::steady_clock;

  explicit Patience(Millis timeout) : timeout_(timeout) {}

  /// Nothing waits beyond this time any more. From any thread.
  void end_by(SteadyClock::time_point deadline) { end_ = deadline.time_since_epoch().count(); }

  /// Repeats `call(Millis slice)` while it throws a retriable BrokerException and there is time left.
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
      std::this_thread::sleep_for(kPause);  // for calls that fail at once
    }
  }

  /// Makes a call that may not come back at all. Returns false if it does not in time (a second at least): then it is
  /// left behind on a thread of its own, so `call` must own what it uses.
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
  static constexpr Millis kSlice{1'000};
  static constexpr Millis kShortestSlice{100};
  static constexpr Millis kPause{5};

  [[nodiscard]] Millis left_since(SteadyClock::time_point start) const {
    const SteadyClock::time_point end{SteadyClock::duration(end_.load())};
    return std::chrono::duration_cast<Millis>(std::min(start + timeout_, end) - SteadyClock::now());
  }

  Millis timeout_;
  std::atomic<SteadyClock::rep> end_{SteadyClock::time_point::max().time_since_epoch().count()};
};

}  // namespace millrace::detail
