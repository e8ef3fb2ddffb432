#include "millrace/app/stop_signals.hpp"

#include <cerrno>
#include <ctime>

namespace millrace {
namespace {

/// The signals that stop a program.
sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const auto set = stop_set();
  // Blocked signals stay pending for sigtimedwait() below. No signal handler is needed, which could only do very
  // little.
  pthread_sigmask(SIG_BLOCK, &set, &previous_);
}

StopSignals::~StopSignals() { release(); }

// Called after the first signal. The second one then has its default effect and ends the process.
void StopSignals::release() {
  if (!held_) return;
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
  held_ = false;
}

bool StopSignals::wait_for(Millis timeout) {
  // The signal was taken from the pending ones, so sigtimedwait() would not return it again.
  if (requested_) return true;
  const auto set = stop_set();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const timespec limit{.tv_sec = static_cast<std::time_t>(seconds.count()),
                       .tv_nsec = static_cast<long>(std::chrono::nanoseconds(timeout - seconds).count())};
  // -1 means a timeout, or EINTR because another signal was handled. The caller waits in a loop, so both are the same.
  if (sigtimedwait(&set, nullptr, &limit) == -1) return false;
  requested_ = true;
  release();
  return true;
}

}  // namespace millrace
