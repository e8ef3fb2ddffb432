// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "trades/exchange_stand_in/feed.hpp"

namespace trades {

struct StandInOptions {
  std::uint16_t port = 0;  ///< 0: a free one
  std::string token;       ///< what clients must give as ?token=
  /// PEM files of the certificate and its key. Empty: without TLS.
  std::filesystem::path certificate = {};
  std::filesystem::path key = {};
  std::size_t batch = 50;    ///< trades per message
  double speed = 0;          ///< 1: the trades' own pace; 10: ten times as fast; 0: without pauses
  std::size_t wait_for = 1;  ///< plays to a client that has subscribed to this many symbols
  bool play = true;          ///< false: plays only what commands say
  /// Each trade that was sent is appended to this file, a line each, as it was sent. Empty: no file.
  std::filesystem::path record = {};
  /// Called with a line for each thing that happens, on the stand-in's thread.
  std::function<void(std::string_view)> on_event = {};
};

/// Speaks Finnhub's protocol on 127.0.0.1: a stand-in for the exchange. Plays a feed to one client at a time: what was
/// sent is not sent again, and while no client has subscribed, the feed waits. Trades of symbols to which the client
/// has not subscribed are passed over.
///
/// Commands, one per line; those about messages wait for a client:
///   play N           sends N trades              message N   sends N trades in one message
///   burst N RATE     sends N trades, RATE per second
///   ping             {"type":"ping"}             ws-ping     a ping frame
///   error TEXT       {"type":"error",...}        big BYTES   a message of trades with so much padding
///   raw TEXT         a text message              raw-hex, binary-hex HEX   a message of these bytes
///   stall MS         sends nothing for so long   close CODE  a close frame
///   cut, cut-frame   ends the connection, at the end or in the middle of a message
///   refuse N         drops the next N connections at once
///   drop-handshake N drops the next N connections after their request
///
/// Events: `listening PORT`, `connected`, `subscribed SYMBOL`, `ready`, `done COMMAND`, `disconnected`, `wrong token`,
/// `refused`, `finished`.
///
/// Threads  it has one of its own; the functions may be called by any thread
class ExchangeStandIn {
 public:
  /// Listens. Throws StreamsException if that fails.
  ExchangeStandIn(StandInOptions options, std::unique_ptr<Feed> feed);
  ~ExchangeStandIn();
  ExchangeStandIn(const ExchangeStandIn&) = delete;
  ExchangeStandIn& operator=(const ExchangeStandIn&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  void command(std::string line);
  /// The number of trades that were sent.
  [[nodiscard]] std::uint64_t sent() const;
  /// All trades of the feed were sent.
  [[nodiscard]] bool finished() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trades
