// SPDX-License-Identifier: Apache-2.0
#include "millrace/mqtt/mqtt_options.hpp"

namespace millrace::connect {

void MqttOptions::add(Options& options, const std::string& url_option) {
  options.option(url_option, url_, "the MQTT broker: mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS")
      .option("--client-id", client_id_, "names the session at the MQTT broker; default: the program's application.id")
      .option("--user", user_, "the user at the MQTT broker")
      .option("--password-file", password_file_,
              "the file whose first line is the user's password; without it, MQTT_PASSWORD in the environment")
      .option("--ca-file", ca_file_, "trust the authorities in this PEM file, and not those of the system")
      .option("--mqtt-version", version_, "3 for MQTT 3.1.1, or 5")
      .flag("--allow-plain", allow_plain_, "permit mqtt:// to other machines");
}

MqttSettings MqttOptions::settings() const {
  MqttSettings settings;
  settings.url = url_;
  settings.client_id = client_id_;
  settings.user = user_;
  if (password_file_) {
    settings.password = Secret::from_file(*password_file_, "the password of the MQTT broker");
  } else if (!user_.empty()) {
    settings.password = Secret::from_environment("MQTT_PASSWORD");
  }
  settings.ca_file = ca_file_;
  settings.version = version_ == 3 || version_ == 5 ? static_cast<int>(version_) : 0;
  settings.allow_plain = allow_plain_;
  return settings;
}

}  // namespace millrace::connect
