// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "millrace/mqtt/mqtt_settings.hpp"

namespace millrace::connect::detail {

/// The parts of an mqtt:// or mqtts:// URL.
struct MqttAddress {
  bool tls = false;
  std::string host;  ///< IPv6 without brackets
  std::uint16_t port = 0;

  /// The URL, for messages.
  [[nodiscard]] std::string text() const;
};

/// Checks the settings and takes the URL apart. Throws ConfigException that names what is wrong and the remedy.
[[nodiscard]] MqttAddress checked_address(const MqttSettings& settings);

/// Throws ConfigException if the text is no topic filter (wildcards allowed) or no topic name.
void check_topic_filter(const std::string& filter);
void check_topic_name(const std::string& topic);

}  // namespace millrace::connect::detail
