// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/common/time.hpp"
#include "millrace/websocket/websocket_source.hpp"

namespace trades {

/// Speaks the protocol of Finnhub's WebSocket feed: subscribes to symbols, and makes a record of each trade.
///
///     {"type":"subscribe","symbol":"AAPL"}                                                  to the feed
///     {"type":"trade","data":[{"s":"AAPL","p":195.3,"v":100,"t":1700000000000,"c":["1"]}]}  from the feed
///     {"type":"ping"}   {"type":"error","msg":"..."}                                        from the feed
///
/// A trade becomes a record with key = symbol and the value of model.hpp's Trade. Numbers keep the text that the feed
/// sent. A wrong trade becomes a dead letter, whose value is the trade; a message that is not JSON becomes one as a
/// whole, because no part of it can be trusted.
class FinnhubHandler : public millrace::connect::WebSocketHandler {
 public:
  /// `clock` must outlive the object.
  explicit FinnhubHandler(std::vector<std::string> symbols, const millrace::Clock& clock = millrace::Clock::system());
  ~FinnhubHandler() override;

  [[nodiscard]] std::vector<std::string> on_connect() override;
  void on_message(std::string_view message, millrace::connect::WebSocketOutput& out) override;

  /// Trades earlier than this are not accepted: 1990-01-01. A time in seconds is earlier, for example.
  static constexpr millrace::Timestamp kEarliest = 631'152'000'000;
  /// Trades further ahead of this machine's clock are not accepted. One of them would close the windows of all others.
  static constexpr millrace::Millis kAhead{60 * 60 * 1000};

 private:
  class Parser;
  std::vector<std::string> symbols_;
  std::unique_ptr<Parser> parser_;
};

/// Splits "AAPL,MSFT". Throws ConfigException if there is no symbol, or an empty one.
[[nodiscard]] std::vector<std::string> parse_symbols(const std::string& list);

}  // namespace trades
