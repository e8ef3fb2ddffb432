// SPDX-License-Identifier: Apache-2.0
#include "trades/finnhub/ingest.hpp"

#include <utility>

#include "trades/finnhub/finnhub_handler.hpp"

namespace trades {

std::unique_ptr<millrace::connect::Source> make_trade_source(millrace::connect::WebSocketOptions websocket,
                                                             std::vector<std::string> symbols,
                                                             millrace::connect::Secret token) {
  websocket.secret_query.emplace_back("token", std::move(token));
  return std::make_unique<millrace::connect::WebSocketSource>(std::move(websocket),
                                                              std::make_unique<FinnhubHandler>(std::move(symbols)));
}

}  // namespace trades
