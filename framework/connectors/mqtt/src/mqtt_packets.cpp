// SPDX-License-Identifier: Apache-2.0
#include "mqtt_packets.hpp"

namespace millrace::connect::detail {
namespace {

/// Reads the parts of a packet's body.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] std::string_view rest() const { return bytes_; }

  std::string_view take(std::size_t size) {
    if (bytes_.size() < size) throw MalformedPacket("a packet is shorter than its parts");
    const auto part = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return part;
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(take(1)[0]); }
  std::uint16_t word() {
    const auto high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  std::string_view text() { return take(word()); }
  std::uint32_t variable() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const auto next = byte();
      value |= static_cast<std::uint32_t>(next & 0x7f) << shift;
      if ((next & 0x80) == 0) return value;
    }
    throw MalformedPacket("a length has more than four bytes");
  }

 private:
  std::string_view bytes_;
};

/// Reads the properties of MQTT 5, and keeps those that matter here.
void read_properties(Reader& packet, Answer& answer) {
  Reader properties(packet.take(packet.variable()));
  while (!properties.empty()) {
    switch (const auto id = properties.byte()) {
      case 0x13: answer.keep_alive = properties.word(); break;
      case 0x1f: answer.text = properties.text(); break;
      case 0x21:
        answer.receive_maximum = properties.word();
        if (answer.receive_maximum == 0) throw MalformedPacket("the receive maximum is 0");
        break;
      case 0x24: answer.maximum_qos = properties.byte(); break;
      case 0x01:
      case 0x17:
      case 0x19:
      case 0x25:
      case 0x28:
      case 0x29:
      case 0x2a: properties.take(1); break;
      case 0x22:
      case 0x23: properties.take(2); break;
      case 0x02:
      case 0x11:
      case 0x18:
      case 0x27: properties.take(4); break;
      case 0x0b: (void)properties.variable(); break;
      case 0x03:
      case 0x08:
      case 0x09:
      case 0x12:
      case 0x15:
      case 0x16:
      case 0x1a:
      case 0x1c: (void)properties.text(); break;
      case 0x26:
        (void)properties.text();
        (void)properties.text();
        break;
      default: throw MalformedPacket("there is no property " + std::to_string(id));
    }
  }
}

void append_word(std::string& out, std::size_t word) {
  out += static_cast<char>(word >> 8 & 0xff);
  out += static_cast<char>(word & 0xff);
}

void append_text(std::string& out, std::string_view text) {
  append_word(out, text.size());
  out += text;
}

std::string packet(PacketType type, unsigned flags, std::string_view body) {
  std::string out(1, static_cast<char>(static_cast<unsigned>(type) << 4 | flags));
  std::size_t size = body.size();
  do {
    out += static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
    size >>= 7;
  } while (size > 0);
  return out += body;
}

}  // namespace

std::optional<Packet> front_packet(std::string_view bytes, std::size_t& needed) {
  needed = 0;
  std::size_t length = 0;
  for (std::size_t at = 1; at <= 4; ++at) {
    if (at >= bytes.size()) return std::nullopt;
    const auto next = static_cast<unsigned char>(bytes[at]);
    length |= static_cast<std::size_t>(next & 0x7f) << (7 * (at - 1));
    if ((next & 0x80) != 0) continue;
    needed = at + 1 + length;
    if (bytes.size() < needed) return std::nullopt;
    const auto first = static_cast<unsigned char>(bytes[0]);
    return Packet{.type = static_cast<std::uint8_t>(first >> 4),
                  .flags = static_cast<std::uint8_t>(first & 0x0f),
                  .body = bytes.substr(at + 1, length),
                  .size = needed};
  }
  throw MalformedPacket("a length has more than four bytes");
}

Answer decode_connack(std::string_view body, bool v5) {
  Reader reader(body);
  Answer answer;
  answer.session_present = (reader.byte() & 1) != 0;
  answer.reason = reader.byte();
  // A broker that does not know MQTT 5 may answer in the form of 3.1.1.
  if (v5 && !reader.empty()) read_properties(reader, answer);
  return answer;
}

Answer decode_puback(std::string_view body, bool v5) {
  Reader reader(body);
  Answer answer;
  answer.id = reader.word();
  if (v5 && !reader.empty()) answer.reason = reader.byte();
  if (v5 && !reader.empty()) read_properties(reader, answer);
  return answer;
}

Answer decode_suback(std::string_view body, bool v5) {
  Reader reader(body);
  Answer answer;
  answer.id = reader.word();
  if (v5) read_properties(reader, answer);
  answer.reason = reader.byte();
  return answer;
}

Answer decode_disconnect(std::string_view body) {
  Reader reader(body);
  Answer answer;
  if (!reader.empty()) answer.reason = reader.byte();
  if (!reader.empty()) read_properties(reader, answer);
  return answer;
}

PublishView decode_publish(const Packet& packet, bool v5) {
  Reader reader(packet.body);
  PublishView publish;
  publish.qos = packet.flags >> 1 & 3;
  if (publish.qos > 1) throw MalformedPacket("a message has QoS " + std::to_string(publish.qos) + ", more than 1");
  publish.topic = reader.text();
  if (publish.qos > 0) publish.id = reader.word();
  if (publish.qos > 0 && publish.id == 0) throw MalformedPacket("a message with QoS 1 has the id 0");
  if (v5) {
    Answer ignored;
    read_properties(reader, ignored);
  }
  publish.payload = reader.rest();
  return publish;
}

std::string encode_connect(const MqttSettings& settings, bool persistent, std::uint16_t keep_alive) {
  const bool v5 = settings.version == 5;
  std::string body;
  append_text(body, "MQTT");
  body += static_cast<char>(v5 ? 5 : 4);
  unsigned flags = persistent ? 0x00 : 0x02;
  if (!settings.user.empty()) flags |= 0x80;
  if (settings.password) flags |= 0x40;
  body += static_cast<char>(flags);
  append_word(body, keep_alive);
  if (v5) {
    // The session expiry interval; this value means never.
    body += persistent ? std::string("\x05\x11\xff\xff\xff\xff", 6) : std::string(1, '\0');
  }
  append_text(body, settings.client_id);
  if (!settings.user.empty()) append_text(body, settings.user);
  if (settings.password) append_text(body, settings.password->reveal());
  return packet(PacketType::connect, 0, body);
}

std::string encode_subscribe(std::uint16_t id, std::string_view filter, bool v5) {
  std::string body;
  append_word(body, id);
  if (v5) body += '\0';
  append_text(body, filter);
  // QoS 1. MQTT 5: retained messages come only with a new subscription.
  body += static_cast<char>(v5 ? 0x11 : 0x01);
  return packet(PacketType::subscribe, 2, body);
}

std::string encode_publish(std::uint16_t id, std::string_view topic, std::string_view payload, bool repeated, bool v5) {
  std::string body;
  body.reserve(topic.size() + payload.size() + 5);
  append_text(body, topic);
  append_word(body, id);
  if (v5) body += '\0';
  body += payload;
  return packet(PacketType::publish, 0x02 | (repeated ? 0x08U : 0U), body);
}

void append_puback(std::string& out, std::uint16_t id) {
  out += std::string_view("\x40\x02", 2);
  append_word(out, id);
}

void append_pingreq(std::string& out) { out += std::string_view("\xc0\x00", 2); }
void append_disconnect(std::string& out) { out += std::string_view("\xe0\x00", 2); }

}  // namespace millrace::connect::detail
