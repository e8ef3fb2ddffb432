#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace buy_signals {

/// Waits for the given time, or shorter if the program shall stop: then returns true, now and ever after.
using Pause = std::function<bool(std::chrono::milliseconds)>;

/// For programs that a signal simply ends.
inline bool sleep_through(std::chrono::milliseconds duration) {
  std::this_thread::sleep_for(duration);
  return false;
}

}  // namespace buy_signals
