#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"

namespace millrace::chaos {

/// Decides what goes wrong, from one seed.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}

  [[nodiscard]] bool one_in(int n) { return below(n) == 0; }
  [[nodiscard]] int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(engine_); }

 private:
  std::mt19937_64 engine_;
};

/// What all clients of a simulation share.
struct Faults {
  explicit Faults(std::uint64_t seed) : chance(seed) {}

  /// Of so many calls one fails; 0: none does.
  int calls_per_fault = 0;
  Chance chance;
  std::uint64_t injected = 0;

  /// Polls bring 40 records at most, so that much happens between few records.
  bool small_polls = true;

  /// By this clock the simulated broker keeps transaction.timeout.ms and max.poll.interval.ms; null: it does not. (The
  /// real one keeps them by the machine's clock, which hardly moves during a simulation.)
  const Clock* clock = nullptr;
  std::uint64_t expired_transactions = 0;
  std::uint64_t expelled_members = 0;

  /// The clients of crashed processes. They are not there any more, but for the broker they are until it finds out:
  /// their membership and their open transactions live on until they are destroyed.
  struct Ghost {
    std::unique_ptr<Consumer> consumer;
    std::unique_ptr<Producer> producer;
    int steps_left = 0;
  };
  std::vector<Ghost> ghosts;

  /// One step of simulated time.
  void step();
};

/// A broker whose calls fail at random: before they reach the real one (it knows nothing of the call), or after (it
/// has done it, the answer is lost). Each simulated process has one of its own, by which it is crashed.
class FaultyBroker final : public Broker {
 public:
  FaultyBroker(Broker& real, Faults& faults) : real_(real), faults_(faults), alive_(std::make_shared<bool>(true)) {}

  [[nodiscard]] std::unique_ptr<Consumer> make_consumer(const ClientConfig& config) override;
  [[nodiscard]] std::unique_ptr<Producer> make_producer(const ClientConfig& config,
                                                        DeliveryListener* listener) override;
  [[nodiscard]] std::unique_ptr<Admin> make_admin() override;
  [[nodiscard]] std::string address() const override { return real_.address(); }

  /// From now on no call of its clients reaches the broker, not even their farewell.
  void crash() { *alive_ = false; }

 private:
  Broker& real_;
  Faults& faults_;
  std::shared_ptr<bool> alive_;
};

}  // namespace millrace::chaos
