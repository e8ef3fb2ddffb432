// SPDX-License-Identifier: Apache-2.0
#include "connect/backoff.hpp"

#include <condition_variable>
#include <mutex>

namespace millrace::connect::detail {

bool stopped_within(const std::stop_token& stop, Millis duration) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  never.wait_for(lock, stop, duration, [] { return false; });
  return stop.stop_requested();
}

}  // namespace millrace::connect::detail
