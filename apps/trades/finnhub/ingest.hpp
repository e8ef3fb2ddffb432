// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "millrace/connect/secret.hpp"
#include "millrace/connect/source.hpp"
#include "millrace/websocket/websocket_source.hpp"

namespace trades {

/// The source of trades_ingest: Finnhub's feed. `websocket.secret_query` gets the token. Throws ConfigException.
[[nodiscard]] std::unique_ptr<millrace::connect::Source> make_trade_source(
    millrace::connect::WebSocketOptions websocket, std::vector<std::string> symbols, millrace::connect::Secret token);

}  // namespace trades
