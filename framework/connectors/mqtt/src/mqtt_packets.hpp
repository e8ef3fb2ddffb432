// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "millrace/mqtt/mqtt_settings.hpp"

/// The packets of MQTT 3.1.1 and 5 (OASIS standards) that a client with QoS 0 and 1 needs. `v5`: the version.
namespace millrace::connect::detail {

enum class PacketType : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  subscribe = 8,
  suback = 9,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
};

/// What was received is no MQTT.
class MalformedPacket : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A packet that was received, without its first bytes.
struct Packet {
  std::uint8_t type = 0;   ///< a PacketType, or another number
  std::uint8_t flags = 0;  ///< the lower four bits
  std::string_view body;
  std::size_t size = 0;  ///< of all of it, in bytes
};

/// The packet at the front of `bytes`; nullopt: it is not complete. `needed` becomes its size if that is known.
/// Throws MalformedPacket.
[[nodiscard]] std::optional<Packet> front_packet(std::string_view bytes, std::size_t& needed);

/// What the MQTT broker answers, with the reason's text of MQTT 5.
struct Answer {
  std::uint16_t id = 0;                          ///< of the packet that it answers; 0 in CONNACK and DISCONNECT
  std::uint8_t reason = 0;                       ///< the return code or reason code
  bool session_present = false;                  ///< CONNACK
  std::string text = {};                         ///< MQTT 5: the broker's words
  std::uint16_t receive_maximum = 65'535;        ///< CONNACK of MQTT 5: the most messages with QoS 1 under way
  std::optional<std::uint16_t> keep_alive = {};  ///< CONNACK of MQTT 5: the interval that the broker wants, seconds
  std::optional<std::uint8_t> maximum_qos = {};  ///< CONNACK of MQTT 5
};

[[nodiscard]] Answer decode_connack(std::string_view body, bool v5);
[[nodiscard]] Answer decode_puback(std::string_view body, bool v5);
[[nodiscard]] Answer decode_suback(std::string_view body, bool v5);
[[nodiscard]] Answer decode_disconnect(std::string_view body);

/// A PUBLISH. The views are into the packet.
struct PublishView {
  std::string_view topic;
  std::string_view payload;
  std::uint16_t id = 0;  ///< 0 with QoS 0
  std::uint8_t qos = 0;
};
[[nodiscard]] PublishView decode_publish(const Packet& packet, bool v5);

/// `persistent`: the session outlives the connection, for ever.
[[nodiscard]] std::string encode_connect(const MqttSettings& settings, bool persistent, std::uint16_t keep_alive);
[[nodiscard]] std::string encode_subscribe(std::uint16_t id, std::string_view filter, bool v5);
[[nodiscard]] std::string encode_publish(std::uint16_t id, std::string_view topic, std::string_view payload,
                                         bool repeated, bool v5);
void append_puback(std::string& out, std::uint16_t id);
void append_pingreq(std::string& out);
void append_disconnect(std::string& out);

/// The most bytes that a packet can have after its first ones.
inline constexpr std::size_t kLargestPacket = 268'435'455;

}  // namespace millrace::connect::detail
