// SPDX-License-Identifier: Apache-2.0
#include "millrace/app/stop_signals.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>

namespace millrace {
namespace {

/// The thread that waits for the second signal checks this often whether the object is being destroyed.
constexpr Millis kSlice{20};

/// The signals that stop a program.
sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

/// Takes a pending signal; waits for one for `timeout` at most. Returns its number, or -1 if none has come.
int take_signal(Millis timeout) {
  const auto set = stop_set();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const timespec limit{.tv_sec = static_cast<std::time_t>(seconds.count()),
                       .tv_nsec = static_cast<long>(std::chrono::nanoseconds(timeout - seconds).count())};
  // -1 means a timeout, or EINTR because another signal was handled. The callers wait in a loop, so both are the same.
  return sigtimedwait(&set, nullptr, &limit);
}

}  // namespace

StopSignals::StopSignals(Millis repeated) : repeated_(repeated) {
  const auto set = stop_set();
  // Blocked signals stay pending for sigtimedwait(). No signal handler is needed, which could only do very little.
  pthread_sigmask(SIG_BLOCK, &set, &previous_);
}

StopSignals::~StopSignals() {
  ended_ = true;
  if (second_.joinable()) {
    second_.join();
    // Takes pending signals of the same reason. Otherwise they would end the process when they are unblocked below.
    while (take_signal(Millis(0)) != -1) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

bool StopSignals::wait_for(Millis timeout) {
  // The signal was taken from the pending ones, so sigtimedwait() would not return it again.
  if (requested_) return true;
  if (take_signal(timeout) == -1) return false;
  requested_ = true;
  second_ = std::thread([this] { wait_for_second(); });
  return true;
}

// Only this thread unblocks the signal. By default the signal ends the process, as a second Ctrl-C should.
void StopSignals::wait_for_second() const {
  const auto same_until = std::chrono::steady_clock::now() + repeated_;
  while (!ended_) {
    const int signal = take_signal(kSlice);
    if (signal == -1 || std::chrono::steady_clock::now() < same_until) continue;
    const auto set = stop_set();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    raise(signal);
    // Reached only if the program has its own signal handler. The thread then waits for the next signal.
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }
}

}  // namespace millrace
