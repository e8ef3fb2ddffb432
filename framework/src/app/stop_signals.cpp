#include "millrace/app/stop_signals.hpp"

#include <cerrno>
#include <ctime>

namespace millrace {
namespace {

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
  pthread_sigmask(SIG_BLOCK, &set, &previous_);
}

StopSignals::~StopSignals() { release(); }

void StopSignals::release() {
  if (!held_) return;
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
  held_ = false;
}

bool StopSignals::wait_for(Millis timeout) {
  if (requested_) return true;
  const auto set = stop_set();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const timespec limit{.tv_sec = static_cast<std::time_t>(seconds.count()),
                       .tv_nsec = static_cast<long>(std::chrono::nanoseconds(timeout - seconds).count())};
  // EINTR: another signal was handled; the caller waits in a loop anyway.
  if (sigtimedwait(&set, nullptr, &limit) == -1) return false;
  requested_ = true;
  release();
  return true;
}

}  // namespace millrace
