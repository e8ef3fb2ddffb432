// SPDX-License-Identifier: Apache-2.0
#include "mqtt_connection.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/errors.hpp"
#include "mqtt_reasons.hpp"

namespace millrace::connect::detail {
namespace {

/// How long connecting, and each answer, may take.
constexpr Millis kPatience{10'000};
/// How soon a wish to stop is noticed.
constexpr Millis kLook{100};
/// The keep-alive interval that the MQTT broker is told. It ends the connection after 1.5 times this without a packet.
constexpr std::uint16_t kKeepAlive = 30;
/// The most that one serve() reads, so that the caller gets its turn.
constexpr std::size_t kMostAtOnce = 4 << 20;

}  // namespace

MqttConnection::MqttConnection(MqttSettings settings, MqttAddress address)
    : settings_(std::move(settings)), address_(std::move(address)), v5_(settings_.version == 5) {}

bool MqttConnection::open(bool persistent, const std::stop_token& stop) {
  in_.clear();
  out_.clear();
  taken_ = needed_ = sent_ = 0;
  received_.clear();
  acknowledged_.clear();
  connack_.reset();
  interval_ = std::chrono::seconds(0);
  socket_.connect(address_, settings_.ca_file, kPatience, stop);
  last_read_ = last_ping_ = Clock::now();
  out_ = encode_connect(settings_, persistent, kKeepAlive);
  const Answer& answer = wait_for(connack_, "CONNECT", stop);
  check_connack(answer, v5_, address_.text());
  receive_maximum_ = answer.receive_maximum;
  interval_ = std::chrono::seconds(answer.keep_alive.value_or(kKeepAlive));
  return answer.session_present;
}

void MqttConnection::subscribe(const std::string& filter, const std::stop_token& stop) {
  suback_.reset();
  out_ += encode_subscribe(1, filter, v5_);
  check_suback(wait_for(suback_, "SUBSCRIBE", stop), filter, address_.text());
}

const Answer& MqttConnection::wait_for(std::optional<Answer>& answer, const char* what, const std::stop_token& stop) {
  const auto until = Clock::now() + kPatience;
  while (!answer) {
    if (stop.stop_requested()) throw RetriableException("stopped while connecting to " + address_.text());
    if (Clock::now() > until) {
      throw RetriableException("the MQTT broker at " + address_.text() + " does not answer " + what);
    }
    serve(kLook);
  }
  return *answer;
}

void MqttConnection::publish(std::uint16_t id, const std::string& topic, const std::string& payload, bool repeated) {
  out_ += encode_publish(id, topic, payload, repeated, v5_);
}

void MqttConnection::flush() {
  while (sent_ < out_.size()) {
    const auto written = socket_.write(out_.data() + sent_, out_.size() - sent_);
    if (written == 0) break;
    sent_ += written;
  }
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  } else if (sent_ > kMostAtOnce) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
}

void MqttConnection::serve(Millis timeout) {
  flush();
  const auto before = received_.size() + acknowledged_.size();
  read_some();
  if (received_.size() + acknowledged_.size() == before && timeout > Millis(0)) {
    socket_.wait(unsent() > 0, timeout);
    flush();
    read_some();
  }
  keep_alive();
}

void MqttConnection::serve_output() {
  flush();
  keep_alive();
}

void MqttConnection::read_some() {
  constexpr std::size_t kChunk = 64 << 10;
  received_bytes_ = 0;
  while (received_bytes_ < kMostAtOnce) {
    // Room for the whole of a large packet, but only as fast as it comes.
    const std::size_t room = std::clamp(needed_ > in_.size() ? needed_ - in_.size() : 0, kChunk, kMostAtOnce / 4);
    const std::size_t old = in_.size();
    in_.resize(old + room);
    std::size_t read = 0;
    try {
      read = socket_.read(in_.data() + old, room);
    } catch (...) {
      in_.resize(old);
      // The packets before the end may say why.
      take_packets();
      throw;
    }
    in_.resize(old + read);
    if (read == 0) break;
    received_bytes_ += read;
    last_read_ = Clock::now();
    take_packets();
  }
}

void MqttConnection::take_packets() {
  try {
    while (auto packet = front_packet(std::string_view(in_).substr(taken_), needed_)) {
      take(*packet);
      taken_ += packet->size;
    }
  } catch (const MalformedPacket& error) {
    throw RetriableException("the server at " + address_.text() + " does not speak MQTT " + (v5_ ? "5" : "3.1.1") +
                             " as the standard wants it: " + error.what());
  }
  in_.erase(0, taken_);
  taken_ = 0;
}

void MqttConnection::take(const Packet& packet) {
  // Before it has accepted the client, the broker may only answer CONNECT.
  if (!connack_ && packet.type != static_cast<std::uint8_t>(PacketType::connack)) {
    throw MalformedPacket("the first packet is none of an MQTT broker");
  }
  switch (static_cast<PacketType>(packet.type)) {
    case PacketType::connack:
      if (connack_) throw MalformedPacket("a second CONNACK");
      connack_ = decode_connack(packet.body, v5_);
      break;
    case PacketType::publish: {
      const auto publish = decode_publish(packet, v5_);
      received_.push_back({std::string(publish.topic), std::string(publish.payload), publish.id});
      break;
    }
    case PacketType::puback: {
      const auto answer = decode_puback(packet.body, v5_);
      check_puback(answer, address_.text());
      acknowledged_.push_back(answer.id);
      break;
    }
    case PacketType::suback: suback_ = decode_suback(packet.body, v5_); break;
    case PacketType::pingresp: break;
    case PacketType::disconnect: throw_disconnect(decode_disconnect(packet.body), address_.text());
    default: throw MalformedPacket("a packet of type " + std::to_string(packet.type));
  }
}

void MqttConnection::keep_alive() {
  if (interval_.count() == 0) return;
  const auto now = Clock::now();
  if (now - last_ping_ >= interval_ / 2) {
    append_pingreq(out_);
    last_ping_ = now;
    flush();
  }
  if (now - last_read_ > interval_ * 3 / 2) {
    // The caller may have been away for long; then the answers wait in the socket.
    read_some();
    if (Clock::now() - last_read_ > interval_ * 3 / 2) {
      throw RetriableException("the MQTT broker at " + address_.text() + " does not answer any more");
    }
  }
}

void MqttConnection::close(Millis timeout) noexcept {
  try {
    if (connack_ && connack_->reason == 0) {
      const auto until = Clock::now() + timeout;
      append_disconnect(out_);
      flush();
      while (unsent() > 0 && Clock::now() < until) {
        socket_.wait(true, kLook);
        flush();
      }
    }
  } catch (...) {
    // The connection is closed anyway.
  }
  socket_.close();
  connack_.reset();
}

}  // namespace millrace::connect::detail
