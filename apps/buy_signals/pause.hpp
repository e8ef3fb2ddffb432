// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace buy_signals {

/// Waits for the given time. If the program must stop, returns true early, and returns true from then on.
using Pause = std::function<bool(std::chrono::milliseconds)>;

/// A Pause for programs that a signal simply ends.
inline bool sleep_through(std::chrono::milliseconds duration) {
  std::this_thread::sleep_for(duration);
  return false;
}

}  // namespace buy_signals
