// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/connect/source.hpp"
#include "millrace/mqtt/mqtt_settings.hpp"

namespace millrace::connect {

/// Settings of an MqttSource.
struct MqttSourceSettings {
  MqttSettings connection;
  /// The topic filter; `+` and `#` are wildcards.
  std::string topic;
  /// The key of a message's record. Null: records have no key. Must not throw.
  std::function<std::optional<std::string>(std::string_view topic, std::string_view payload)> key = {};
};

/// Reads messages of an MQTT broker: an acknowledged source. Each message becomes a record with the payload as its
/// value, and with the MQTT topic in the header `mqtt.topic`.
///
/// The session is persistent, and the subscription has QoS 1. A message is acknowledged to the MQTT broker after the
/// record is in the topic, in the order of arrival. So a crash loses nothing that the MQTT broker has; it sends again
/// what was not acknowledged. Messages that were published with QoS 0 are as safe as QoS 0 makes them.
class MqttSource final : public Source {
 public:
  /// Throws ConfigException for unusable settings. Does not connect.
  explicit MqttSource(MqttSourceSettings settings);
  ~MqttSource() override;

  [[nodiscard]] SourceKind kind() const override { return SourceKind::acknowledged; }
  [[nodiscard]] std::string name() const override;
  void open(SourceContext& context) override;
  [[nodiscard]] bool poll(std::vector<SourceRecord>& records, std::size_t max_records, Millis timeout) override;
  void acknowledge(std::size_t records) override;
  void close() noexcept override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::connect
