// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "millrace/app/options.hpp"
#include "millrace/mqtt/mqtt_settings.hpp"

namespace millrace::connect {

/// The options of a program that speaks MQTT: `--mqtt`, `--client-id`, `--user`, `--password-file`, `--ca-file`,
/// `--mqtt-version`, `--allow-plain`. The object must outlive the parsing.
class MqttOptions {
 public:
  /// `url_option`: the name of the option with the address.
  void add(Options& options, const std::string& url_option = "--mqtt");

  /// After parsing. The password comes from `--password-file`, or else from the environment variable MQTT_PASSWORD.
  /// Throws ConfigException if the file cannot be read or an option is wrong.
  [[nodiscard]] MqttSettings settings() const;

 private:
  std::string url_ = "mqtt://localhost:1883";
  std::string client_id_;
  std::string user_;
  std::optional<std::string> password_file_;
  std::string ca_file_;
  std::int64_t version_ = 3;
  bool allow_plain_ = false;
};

}  // namespace millrace::connect
