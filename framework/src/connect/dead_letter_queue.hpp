// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "millrace/broker/broker.hpp"
#include "millrace/config/streams_config.hpp"

namespace millrace::connect::detail {

/// Writes the records that a sink rejects to the topic `errors.dead.letter.queue.topic.name`, if there is one. Used by
/// the thread of the runner.
class DeadLetterQueue final : private DeliveryListener {
 public:
  /// `broker` must outlive the object.
  DeadLetterQueue(Broker& broker, std::string connector, const StreamsConfig& config);
  ~DeadLetterQueue() override;

  /// Logs the record, and sends it to the dead-letter topic. `sink`: its name, for the message.
  void add(const ConsumerRecord& record, std::string_view reason, const std::string& sink);

  /// Waits until the broker has the dead letters. Returns their number. Throws RetriableException if `stop` was
  /// requested before, and StreamsException if the broker refuses one.
  [[nodiscard]] std::size_t flush(const std::stop_token& stop);

  /// The records will come again. Dead letters that are under way arrive nevertheless.
  void forget() { sent_ = 0; }

 private:
  void on_delivery(const Delivery& delivery) override;

  Broker& broker_;
  const std::string connector_;
  const std::string topic_;
  const ClientConfig settings_;
  std::size_t sent_ = 0;
  std::optional<std::string> refused_;
  std::unique_ptr<Producer> producer_;  // last: it reports to this object
};

}  // namespace millrace::connect::detail
