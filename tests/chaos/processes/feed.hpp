// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <thread>

#include "chaos/processes/workload.hpp"
#include "millrace/broker/broker.hpp"

namespace millrace::kill9 {

/// Writes the input from a thread of its own, at the speed of the workload. It survives what happens to the brokers,
/// and writes each record once: the producer is idempotent.
class Feed {
 public:
  Feed(Broker& broker, const Workload& workload);
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  ~Feed();

  /// Begins to write events.
  void start();
  /// Ends with the event after the present one, and waits until the broker has all of them. Returns their number.
  /// Throws what has gone wrong.
  std::uint64_t finish();
  /// How many events were sent until now.
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  class Listener final : public DeliveryListener {
   public:
    void on_delivery(const Delivery& delivery) override;
    std::uint64_t delivered = 0;
    std::string error;
  };

  void write_accounts();
  void write_events();
  void send(const std::string& topic, const std::string& key, const std::string& value, Timestamp time);
  void wait_for_deliveries(std::uint64_t missing);

  const Workload& workload_;
  Listener listener_;
  std::unique_ptr<Producer> producer_;
  std::uint64_t records_ = 0;
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<bool> ending_{false};
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace millrace::kill9
