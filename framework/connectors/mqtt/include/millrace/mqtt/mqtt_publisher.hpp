// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "millrace/common/time.hpp"
#include "millrace/mqtt/mqtt_settings.hpp"

namespace millrace::connect {

/// Publishes messages with QoS 1, in order. After a lost connection it connects again and sends again what the MQTT
/// broker may not have: all that was not acknowledged, and what was acknowledged within the last `repeat`. A broker
/// like Mosquitto acknowledges before it saves, so a crash loses the newest messages. Receivers may see messages twice.
///
/// Threads  one at a time
class MqttPublisher {
 public:
  /// Throws ConfigException for unusable settings. Does not connect. `most_bytes`: what may be kept of acknowledged and
  /// other messages; when it is full, the oldest acknowledged ones are given up.
  MqttPublisher(MqttSettings settings, Millis repeat, std::size_t most_bytes = 64 * 1024 * 1024);
  ~MqttPublisher();
  MqttPublisher(const MqttPublisher&) = delete;
  MqttPublisher& operator=(const MqttPublisher&) = delete;

  /// Sends a message, or keeps it until there is a connection. Waits while too many messages have no acknowledgement.
  /// Returns false if `stop` was requested first. Throws StreamsException if the MQTT broker refuses the client or the
  /// message for good.
  bool publish(std::string topic, std::string payload, const std::stop_token& stop);

  /// Keeps the connection alive for so long, and returns earlier if `stop` is requested.
  void idle(Millis time, const std::stop_token& stop);

  /// Waits until all messages are acknowledged. Returns false if `stop` was requested first.
  bool flush(const std::stop_token& stop);

  /// Messages that the MQTT broker has acknowledged.
  [[nodiscard]] std::uint64_t acknowledged() const;

  /// The MQTT broker, for messages.
  [[nodiscard]] std::string name() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::connect
