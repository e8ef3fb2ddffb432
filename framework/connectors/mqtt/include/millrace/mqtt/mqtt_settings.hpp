// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "millrace/connect/secret.hpp"

namespace millrace::connect {

/// How to reach an MQTT broker.
struct MqttSettings {
  /// mqtt://HOST[:1883], or mqtts://HOST[:8883] for TLS. Without user and password.
  std::string url = "mqtt://localhost:1883";
  /// Names the session at the MQTT broker. Two clients with the same id end each other's connection. Empty: the MQTT
  /// broker chooses one; only for publishers.
  std::string client_id = {};
  std::string user = {};                ///< empty: no user
  std::optional<Secret> password = {};  ///< only with a user
  std::string ca_file = {};             ///< PEM file with the authorities to trust; empty: those of the system
  int version = 3;                      ///< 3: MQTT 3.1.1; 5: MQTT 5
  bool allow_plain = false;             ///< permits mqtt:// to other machines
};

}  // namespace millrace::connect
