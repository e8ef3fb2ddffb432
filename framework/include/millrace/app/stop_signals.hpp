#pragma once

#include <csignal>

#include "millrace/common/time.hpp"

namespace millrace {

/// SIGINT and SIGTERM as something to wait for instead of something that interrupts.
///
/// While it lives both signals are held back in this thread and in every thread started from it: make it at the
/// start of main, before the first client. The first signal is reported here; from then on the signals have their
/// usual effect again, so that a second Ctrl-C ends a process whose orderly end takes too long.
/// One thread at a time.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Waits at most this long; true as soon as a signal has come (now or earlier).
  bool wait_for(Millis timeout);

  [[nodiscard]] bool requested() { return wait_for(Millis(0)); }

 private:
  void release();

  sigset_t previous_{};
  bool held_ = true;
  bool requested_ = false;
};

}  // namespace millrace
