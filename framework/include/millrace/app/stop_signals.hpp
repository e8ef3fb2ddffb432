#pragma once

#include <csignal>

#include "millrace/common/time.hpp"

namespace millrace {

/// Turns SIGINT and SIGTERM into something that a program can wait for.
///
/// The constructor blocks both signals in its thread. Threads that are started later inherit this. So create the object
/// at the start of main, before the first client. The first signal is reported by wait_for(). After that, the signals
/// have their usual effect again: a second Ctrl-C ends a process that takes too long to close.
///
/// Threads  one thread at a time, the one that created the object
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Waits for at most `timeout`. Returns true if a signal has come, now or earlier.
  bool wait_for(Millis timeout);

  /// True if a signal has come. Does not wait.
  [[nodiscard]] bool requested() { return wait_for(Millis(0)); }

 private:
  /// Restores the signal mask of the thread.
  void release();

  sigset_t previous_{};     ///< the signal mask before this object
  bool held_ = true;        ///< the signals are blocked
  bool requested_ = false;  ///< a signal has come
};

}  // namespace millrace
