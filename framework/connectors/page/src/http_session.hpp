// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <string>

#include "event_hub.hpp"
#include "page_data.hpp"

namespace millrace::page::detail {

/// What the connections of a server share. Used on the server's thread.
struct ServerState {
  const PageData& data;
  std::string address;  ///< the one on which the server listens
  EventHub hub;
  std::size_t connections = 0;
  std::size_t max_connections = 0;
};

/// Serves one connection, until it is closed. `state` must outlive the connection.
void serve(boost::asio::ip::tcp::socket socket, ServerState& state);

}  // namespace millrace::page::detail
