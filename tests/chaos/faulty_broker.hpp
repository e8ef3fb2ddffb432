// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"

namespace millrace::chaos {

/// The random decisions of a simulation, derived from one seed.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}

  [[nodiscard]] bool one_in(int n) { return below(n) == 0; }
  [[nodiscard]] int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(engine_); }

 private:
  std::mt19937_64 engine_;
};

/// The faults of a simulation. All clients of the simulation share one object. One thread uses it.
struct Faults {
  explicit Faults(std::uint64_t seed) : chance(seed) {}

  /// On average, one of this many calls fails. 0: no call fails.
  int calls_per_fault = 0;
  Chance chance;
  std::uint64_t injected = 0;

  /// Limits polls to 40 records, so that commits and rebalances happen between few records.
  bool small_polls = true;

  /// The clock for transaction.timeout.ms and max.poll.interval.ms of the simulated broker. Null: neither is enforced.
  /// (The real broker uses the machine's clock, which hardly moves during a simulation.)
  const Clock* clock = nullptr;
  std::uint64_t expired_transactions = 0;
  std::uint64_t expelled_members = 0;

  /// A client of a crashed process. The broker does not know of the crash yet: membership and open transaction stay
  /// until the client is destroyed.
  struct Ghost {
    std::unique_ptr<Consumer> consumer;
    std::unique_ptr<Producer> producer;
    int steps_left = 0;
  };
  std::vector<Ghost> ghosts;

  /// Advances simulated time by one step, and destroys ghosts whose time is over.
  void step();
};

/// A broker whose calls fail at random. A call fails either before it reaches the real broker, which then knows nothing
/// of it, or after the real broker has executed it, when only the answer is lost. Each simulated process has its own
/// FaultyBroker; crash() cuts the process off.
class FaultyBroker final : public Broker {
 public:
  FaultyBroker(Broker& real, Faults& faults) : real_(real), faults_(faults), alive_(std::make_shared<bool>(true)) {}

  [[nodiscard]] std::unique_ptr<Consumer> make_consumer(const ClientConfig& config) override;
  [[nodiscard]] std::unique_ptr<Producer> make_producer(const ClientConfig& config,
                                                        DeliveryListener* listener) override;
  [[nodiscard]] std::unique_ptr<Admin> make_admin() override;
  [[nodiscard]] std::string address() const override { return real_.address(); }

  /// Cuts all clients off from the broker. Not even their closing calls reach it.
  void crash() { *alive_ = false; }

 private:
  Broker& real_;
  Faults& faults_;
  std::shared_ptr<bool> alive_;
};

}  // namespace millrace::chaos
