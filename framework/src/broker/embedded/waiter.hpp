// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>

namespace millrace::detail::embedded {

/// Wakes one consumer that waits in poll(). Owned by EmbeddedConsumer. Guarded by the broker's mutex.
struct Waiter {
  std::condition_variable wake;
  bool signalled = false;  ///< stays set until the consumer's next poll, so that no signal is lost

  void signal() {
    signalled = true;
    wake.notify_one();
  }
};

}  // namespace millrace::detail::embedded
