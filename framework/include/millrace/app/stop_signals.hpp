// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <csignal>
#include <thread>

#include "millrace/common/time.hpp"

namespace millrace {

/// Turns SIGINT and SIGTERM into something that a program can wait for.
///
/// The constructor blocks both signals in its thread. Threads that are started later inherit this. So create the object
/// at the start of main, before the first client. The first signal is reported by wait_for(). Signals within `repeated`
/// after the first one have no effect, because a terminal and a supervisor often send a signal each for the same
/// reason. After that, the signals have their usual effect again: a second Ctrl-C ends a process that takes too long to
/// close.
///
/// Threads  one thread at a time, the one that created the object. After the first signal, the object runs a thread
///          that waits for the second one. The destructor ends that thread.
class StopSignals {
 public:
  explicit StopSignals(Millis repeated = Millis(1000));
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Waits for at most `timeout`. Returns true if a signal has come, now or earlier.
  bool wait_for(Millis timeout);

  /// True if a signal has come. Does not wait.
  [[nodiscard]] bool requested() { return wait_for(Millis(0)); }

 private:
  /// The body of the thread second_. Gives a later signal its usual effect.
  void wait_for_second() const;

  Millis repeated_;
  sigset_t previous_{};             ///< the signal mask before this object
  bool requested_ = false;          ///< a signal has come
  std::atomic<bool> ended_{false};  ///< the object is being destroyed
  std::thread second_;              ///< not joinable before the first signal
};

}  // namespace millrace
