// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "address.hpp"
#include "millrace/common/time.hpp"

namespace millrace::connect::detail {

/// A message that has come. `text` has room for WebSocketHandler::kReadableBehind bytes behind its end.
struct WebSocketMessage {
  std::string text;
  /// Not 0: the message was larger than allowed, this many bytes. `text` is its beginning.
  std::size_t too_large = 0;
};

/// One connection, from connect() to its end. connect() works on the caller's thread; then a thread of its own reads
/// until the destructor.
class WebSocketSession {
 public:
  /// `options` and `address` must outlive the object.
  WebSocketSession(const WebSocketOptions& options, const WebSocketAddress& address);
  ~WebSocketSession();
  WebSocketSession(const WebSocketSession&) = delete;
  WebSocketSession& operator=(const WebSocketSession&) = delete;

  /// Connects and sends these messages. Throws RetriableException if the far side does not answer or `stop` is
  /// requested, Refused if it answers and trying again will not help soon.
  void connect(std::vector<std::string> messages, const std::stop_token& stop);

  /// See BoundedQueue::take. Throws RetriableException after the last message of a connection that has ended.
  void take(std::vector<WebSocketMessage>& messages, std::size_t max_messages, Millis timeout);

  /// When the last message came, or the connection was made. Any thread.
  [[nodiscard]] Timestamp last_message() const;

  /// The far side cannot be used as it is configured.
  struct Refused {
    std::string why;
    bool for_good = false;  ///< it refuses the credentials
  };

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::connect::detail
