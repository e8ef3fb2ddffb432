// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>

#include "millrace/app/command_line.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// The prefix of an embedded broker's address.
constexpr std::string_view kEmbedded = "embedded:";
// The pause doubles after each failed attempt.
constexpr Millis kFirstPause = 100ms;
constexpr Millis kLongestPause = 5s;
/// The longest time for one attempt. The client reconnects within an attempt.
constexpr Millis kAttempt = 5s;

/// Sleeps. Returns true early if a stop signal comes.
bool stopped_within(Millis pause, StopSignals* stop) {
  if (stop != nullptr) return stop->wait_for(pause);
  std::this_thread::sleep_for(pause);
  return false;
}

}  // namespace

// The steady clock is used, because a wall clock that is set would end the wait too early or too late.
void wait_until_reachable(Broker& broker, Millis timeout, StopSignals* stop) {
  const auto deadline = SteadyClock::now() + timeout;
  const auto left = [&] {
    return std::max(Millis(0), std::chrono::duration_cast<Millis>(deadline - SteadyClock::now()));
  };
  // An admin client is the cheapest one: it joins no group and opens no transaction.
  const auto admin = broker.make_admin();
  for (auto pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    try {
      // Any request that every broker answers will do.
      (void)admin->list_topics(std::clamp(left(), kFirstPause, kAttempt));
      return;
    } catch (const BrokerException& error) {
      // Only an unreachable broker is worth waiting for.
      if (error.severity() != BrokerException::Severity::retriable) throw;
      if (left() == Millis(0)) {
        throw BrokerException(BrokerException::Severity::fatal,
                              "cannot reach the broker at " + broker.address() + " within " +
                                  std::to_string(timeout.count()) + " ms (millrace.connect.timeout.ms): " +
                                  error.what() + "; check bootstrap.servers, and that the broker runs");
      }
      log(LogLevel::warn, "cannot reach the broker at " + broker.address() + ", trying again: " + error.what());
    }
    // The last pause ends at the deadline. Then there is one more attempt, of at least kFirstPause.
    if (stopped_within(std::min(pause, left()), stop)) {
      throw StreamsException("stopped while waiting for the broker at " + broker.address());
    }
  }
}

std::shared_ptr<Broker> make_broker(const StreamsConfig& config, IfMissing if_missing, IfInUse if_in_use) {
  const auto address = config.get_string("bootstrap.servers");
  if (address.empty()) {
    throw ConfigException(
        "no broker is given: use --bootstrap-servers HOST:PORT for Kafka, or --broker embedded:DIR "
        "for the embedded broker");
  }
  if (address.starts_with(kEmbedded)) {
    return Broker::embedded(address.substr(kEmbedded.size()), if_missing, if_in_use);
  }
  // Security and connection settings apply to all clients; the engine adds the settings of each client.
  return Broker::kafka(address, config.client_settings(""));
}

std::shared_ptr<Broker> open_broker(const StreamsConfig& config, StopSignals* stop, IfMissing if_missing,
                                    IfInUse if_in_use) {
  auto broker = make_broker(config, if_missing, if_in_use);
  wait_until_reachable(*broker, config.get_millis("millrace.connect.timeout.ms"), stop);
  return broker;
}

}  // namespace millrace
