// SPDX-License-Identifier: Apache-2.0
// exchange_stand_in: speaks Finnhub's protocol on this machine, for tests and demos.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <string>

#include "millrace/app/command_line.hpp"
#include "trades/exchange_stand_in/stand_in.hpp"
#include "trades/finnhub/finnhub_handler.hpp"

int main(int argc, char** argv) {
  CLI::App cli(
      "Speaks the protocol of Finnhub's trade feed on 127.0.0.1. Plays a file of trades, or invents trades. Reads "
      "commands from standard input, one per line, and ends with it; prints what happens. Commands: play N, message N, "
      "burst N RATE, ping, ws-ping, error TEXT, big BYTES, raw TEXT, raw-hex HEX, binary-hex HEX, stall MS, close "
      "CODE, "
      "cut, cut-frame, refuse N, drop-handshake N.",
      "exchange_stand_in");
  trades::StandInOptions options;
  std::string token_file;
  std::string file;
  std::string symbols = "AAPL,MSFT,BINANCE:BTCUSDT";
  std::uint64_t seed = 1;
  std::uint64_t count = 1'000'000;
  std::int64_t start = 1'700'000'000'000;
  bool idle = false;
  cli.add_option("--port", options.port, "0: a free one")->capture_default_str();
  cli.add_option("--token-file", token_file, "a file whose first line is the token that clients must give")->required();
  cli.add_option("--certificate", options.certificate, "PEM file; without it, there is no TLS");
  cli.add_option("--key", options.key, "PEM file of the certificate's key");
  cli.add_option("--feed", file, "a trade per line, plain or gzip; without it, trades are invented");
  cli.add_option("--symbols", symbols, "of the invented trades")->capture_default_str();
  cli.add_option("--seed", seed, "of the invented trades")->capture_default_str();
  cli.add_option("--count", count, "of the invented trades")->capture_default_str();
  cli.add_option("--start", start, "time of the first invented trade, ms since the epoch")->capture_default_str();
  cli.add_option("--batch", options.batch, "trades per message")->capture_default_str()->check(CLI::PositiveNumber);
  cli.add_option("--speed", options.speed, "1: the trades' own pace; 0: without pauses")->capture_default_str();
  cli.add_option("--wait-for", options.wait_for, "plays when the client has subscribed to so many symbols")
      ->capture_default_str();
  cli.add_option("--record", options.record, "a file to which the trades that were sent are appended");
  cli.add_flag("--idle", idle, "plays nothing but what commands say");
  return millrace::run_command_line(cli, argc, argv, [&] {
    options.token = millrace::connect::Secret::from_file(token_file, "the token").reveal();
    options.play = !idle;
    options.on_event = [](std::string_view text) {
      fmt::print("{}\n", text);
      std::fflush(stdout);
    };
    auto feed = file.empty() ? trades::invent_feed(seed, trades::parse_symbols(symbols), count, start)
                             : trades::open_feed_file(file);
    trades::ExchangeStandIn stand_in(options, std::move(feed));
    for (std::string line; std::getline(std::cin, line);) {
      if (line == "quit") break;
      if (!line.empty()) stand_in.command(line);
    }
    return millrace::kExitOk;
  });
}
