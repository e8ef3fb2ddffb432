#pragma once

#include <condition_variable>

namespace millrace::detail::embedded {

/// A consumer that may be waiting in poll(). Guarded by the broker's mutex.
struct Waiter {
  std::condition_variable wake;
  bool signalled = false;

  void signal() {
    signalled = true;
    wake.notify_one();
  }
};

}  // namespace millrace::detail::embedded
