// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>

#include "millrace/common/time.hpp"
#include "mqtt_address.hpp"

namespace millrace::connect::detail {

/// A TCP connection, with TLS if the address wants it. All functions but connect() return at once.
///
/// Threads  one at a time
/// Errors   RetriableException if the connection cannot be made or is lost; StreamsException if the certificate is not
///          to be trusted
class MqttSocket {
 public:
  MqttSocket();
  ~MqttSocket();
  MqttSocket(const MqttSocket&) = delete;
  MqttSocket& operator=(const MqttSocket&) = delete;

  /// Connects within `timeout`. `ca_file`: see MqttSettings. Checks the certificate and its host name.
  void connect(const MqttAddress& address, const std::string& ca_file, Millis timeout, const std::stop_token& stop);

  /// Reads what is there. 0: nothing at present. Throws at the end of the connection.
  [[nodiscard]] std::size_t read(char* bytes, std::size_t size);

  /// Writes what can be written now.
  [[nodiscard]] std::size_t write(const char* bytes, std::size_t size);

  /// Waits until read() or, if `output`, write() may do something.
  void wait(bool output, Millis timeout);

  void close() noexcept;

 private:
  struct Tls;
  void connect_tcp(std::chrono::steady_clock::time_point until, const std::stop_token& stop);
  void connect_tls(const std::string& ca_file, std::chrono::steady_clock::time_point until,
                   const std::stop_token& stop);
  [[nodiscard]] std::size_t tls_result(int result);
  [[nodiscard]] bool ready(short events, Millis timeout) const;

  MqttAddress address_;
  int fd_ = -1;
  std::unique_ptr<Tls> tls_;
};

}  // namespace millrace::connect::detail
