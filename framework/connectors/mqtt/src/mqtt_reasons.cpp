// SPDX-License-Identifier: Apache-2.0
#include "mqtt_reasons.hpp"

#include "common/visible.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::connect::detail {
namespace {

constexpr const char* kCredentials = "user or password are wrong; check --user and --password-file or MQTT_PASSWORD";
constexpr const char* kNotAuthorised =
    "not authorised; check --user and --password-file or MQTT_PASSWORD, and what the MQTT broker permits this user";
constexpr const char* kVersion = "it does not speak this version of MQTT; choose the other one with --mqtt-version";
constexpr const char* kClientId = "it does not accept the client id; choose another with --client-id";

/// The refusals that stay as they are. nullptr: trying again may help.
const char* fatal_reason(std::uint8_t reason) {
  switch (reason) {
    case 0x81:
    case 0x82: return "it does not understand what it received";
    case 0x84: return kVersion;
    case 0x85: return kClientId;
    case 0x86: return kCredentials;
    case 0x87: return kNotAuthorised;
    case 0x8a: return "it has banned this client";
    case 0x8c: return "it wants an authentication method other than user and password";
    case 0x8e:
      return "another client has connected with the same client id; give each program its own with --client-id";
    case 0x8f: return "it does not accept the topic filter";
    case 0x90: return "it does not accept the topic's name";
    case 0x95: return "a packet is too large for it";
    case 0x99: return "it does not accept the payload";
    case 0x9b: return "it does not support QoS 1";
    case 0xa2: return "it does not support wildcards";
    default: return nullptr;
  }
}

std::string words(const Answer& answer) {
  return answer.text.empty() ? "" : " (it says: " + millrace::detail::visible(answer.text, 300) + ")";
}

[[noreturn]] void refuse(const Answer& answer, const std::string& what) {
  if (const char* const fatal = fatal_reason(answer.reason))
    throw StreamsException(what + ": " + fatal + words(answer));
  throw RetriableException(what + ": reason code " + std::to_string(answer.reason) + words(answer));
}

}  // namespace

void check_connack(const Answer& answer, bool v5, const std::string& broker) {
  if (answer.reason == 0) {
    if (answer.maximum_qos == 0) {
      throw StreamsException("the MQTT broker at " + broker +
                             " does not support QoS 1, without which messages get lost");
    }
    return;
  }
  const std::string what = "the MQTT broker at " + broker + " refuses the client";
  // A broker that does not know MQTT 5 answers with the codes of 3.1.1.
  switch (answer.reason) {
    case 1: throw StreamsException(what + ": " + kVersion);
    case 2: throw StreamsException(what + ": " + kClientId);
    case 3: throw RetriableException(what + ": it is not available");
    case 4: throw StreamsException(what + ": " + kCredentials);
    case 5: throw StreamsException(what + ": " + kNotAuthorised);
    default:
      if (v5) refuse(answer, what);
      throw StreamsException(what + ": return code " + std::to_string(answer.reason));
  }
}

void check_suback(const Answer& answer, const std::string& filter, const std::string& broker) {
  if (answer.reason == 1) return;
  const std::string what =
      "the MQTT broker at " + broker + " refuses the topic '" + millrace::detail::visible(filter, 200) + "'";
  if (answer.reason == 0) {
    throw StreamsException("the MQTT broker at " + broker + " gives the topic '" +
                           millrace::detail::visible(filter, 200) +
                           "' with QoS 0 only, so messages could get lost; permit QoS 1 there");
  }
  if (answer.reason == 0x80) {
    throw StreamsException(what + ": the user may not read it, or it is no topic filter" + words(answer));
  }
  refuse(answer, what);
}

void check_puback(const Answer& answer, const std::string& broker) {
  if (answer.reason < 0x80) return;
  refuse(answer, "the MQTT broker at " + broker + " refuses a message");
}

void throw_disconnect(const Answer& answer, const std::string& broker) {
  refuse(answer, "the MQTT broker at " + broker + " ends the connection");
}

}  // namespace millrace::connect::detail
