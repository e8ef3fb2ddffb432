// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "mqtt_packets.hpp"

namespace millrace::connect::detail {

/// Throws for a CONNACK that refuses the client: RetriableException if it may help to try again, else StreamsException
/// with the remedy. `broker`: for the message.
void check_connack(const Answer& answer, bool v5, const std::string& broker);

/// Throws if the subscription was refused, or has not QoS 1.
void check_suback(const Answer& answer, const std::string& filter, const std::string& broker);

/// Throws if MQTT 5 refused a message.
void check_puback(const Answer& answer, const std::string& broker);

/// The MQTT broker ends the connection. Always throws.
[[noreturn]] void throw_disconnect(const Answer& answer, const std::string& broker);

}  // namespace millrace::connect::detail
