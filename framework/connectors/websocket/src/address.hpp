// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "millrace/websocket/websocket_source.hpp"

namespace millrace::connect::detail {

/// A URL in its parts.
struct WebSocketAddress {
  bool tls = true;
  std::string host;    ///< a name or an IP address, without brackets
  std::string port;    ///< a number
  std::string target;  ///< path and query, with the secrets: never to be logged
  std::string shown;   ///< the URL for messages

  /// The value of the header `Host`.
  [[nodiscard]] std::string host_header() const;
};

/// Throws ConfigException that says what is wrong with the URL.
[[nodiscard]] WebSocketAddress parse_websocket_address(const WebSocketOptions& options);

}  // namespace millrace::connect::detail
