// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

#include "buy_signals/pause.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace buy_signals {

/// Calls `attempt` until it succeeds or throws something other than a retriable BrokerException. Pauses between the
/// attempts, longer each time. After `patience`, or when told to stop, lets the exception through.
template <class F>
auto with_retries(std::chrono::milliseconds patience, const Pause& pause, F attempt) {
  constexpr std::chrono::milliseconds kFirstPause{50};
  constexpr std::chrono::milliseconds kLongestPause{5'000};
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (auto wait = kFirstPause;; wait = std::min(2 * wait, kLongestPause)) {
    try {
      return attempt();
    } catch (const millrace::BrokerException& error) {
      const bool final = error.severity() != millrace::BrokerException::Severity::retriable;
      if (final || std::chrono::steady_clock::now() >= deadline) throw;
      millrace::log(millrace::LogLevel::info, std::string("trying again: ") + error.what());
      if (pause(wait)) throw;
    }
  }
}

}  // namespace buy_signals
