// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "mqtt_address.hpp"
#include "mqtt_packets.hpp"
#include "mqtt_socket.hpp"

namespace millrace::connect::detail {

/// A message that was received.
struct MqttMessage {
  std::string topic;
  std::string payload;
  std::uint16_t id = 0;  ///< 0: QoS 0, there is nothing to acknowledge
};

/// One connection to an MQTT broker.
///
/// Why Millrace has its own client: those of Debian (Paho C and C++, libmosquitto) acknowledge a message by themselves,
/// when or before a callback has taken it. They cannot wait for Kafka with several messages under way.
///
/// Threads  one at a time; it has none of its own
/// Errors   RetriableException: the connection is lost. StreamsException: the MQTT broker refuses it for good.
class MqttConnection {
 public:
  /// The settings are checked.
  MqttConnection(MqttSettings settings, MqttAddress address);

  /// Connects, and logs in. `persistent`: see encode_connect(). Returns whether the MQTT broker has a session.
  [[nodiscard]] bool open(bool persistent, const std::stop_token& stop);

  /// Returns when the MQTT broker has the subscription. Messages that come meanwhile are kept for received().
  void subscribe(const std::string& filter, const std::stop_token& stop);

  /// Reads, writes, and keeps the connection alive. Waits up to `timeout` for something to read.
  void serve(Millis timeout);

  /// As serve(), but reads nothing, for a caller that has enough.
  void serve_output();

  /// The messages that were received. The caller takes them from the front.
  [[nodiscard]] std::deque<MqttMessage>& received() { return received_; }
  /// The ids of published messages that were acknowledged. The caller takes them.
  [[nodiscard]] std::vector<std::uint16_t>& acknowledged() { return acknowledged_; }

  /// These are sent by the next serve() or flush().
  void acknowledge(std::uint16_t id) { append_puback(out_, id); }
  void publish(std::uint16_t id, const std::string& topic, const std::string& payload, bool repeated);
  /// Bytes that wait to be sent.
  [[nodiscard]] std::size_t unsent() const { return out_.size() - sent_; }
  /// The most messages that the MQTT broker takes without having acknowledged them.
  [[nodiscard]] std::size_t receive_maximum() const { return receive_maximum_; }

  /// Writes what can be written now.
  void flush();

  /// Says good-bye, within `timeout`, and closes.
  void close(Millis timeout) noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  void read_some();
  void take_packets();
  void take(const Packet& packet);
  void keep_alive();
  /// serve() until `answer` has a value.
  const Answer& wait_for(std::optional<Answer>& answer, const char* what, const std::stop_token& stop);

  const MqttSettings settings_;
  const MqttAddress address_;
  const bool v5_;
  MqttSocket socket_;
  std::string in_;
  std::size_t taken_ = 0;   ///< bytes of in_ that are done with
  std::size_t needed_ = 0;  ///< the size of the packet that is not complete; 0: unknown
  std::string out_;
  std::size_t sent_ = 0;  ///< bytes of out_ that are done with
  std::deque<MqttMessage> received_;
  std::size_t received_bytes_ = 0;  ///< in one call of read_some()
  std::vector<std::uint16_t> acknowledged_;
  std::optional<Answer> connack_;
  std::optional<Answer> suback_;
  std::size_t receive_maximum_ = 65'535;
  std::chrono::seconds interval_{0};
  Clock::time_point last_read_;
  Clock::time_point last_ping_;
};

}  // namespace millrace::connect::detail
