// SPDX-License-Identifier: Apache-2.0
// trades_ingest: copies the trades of Finnhub's WebSocket feed to the topic raw_data.
#include <optional>

#include "millrace/common/errors.hpp"
#include "millrace/connect/run_source.hpp"
#include "trades/finnhub/finnhub_handler.hpp"
#include "trades/finnhub/ingest.hpp"
#include "trades/topics.hpp"

namespace {

using millrace::connect::Secret;

Secret find_token(const std::optional<std::string>& file) {
  if (file) return Secret::from_file(*file, "the token");
  if (auto token = Secret::from_environment("FINNHUB_TOKEN")) return *token;
  throw millrace::ConfigException(
      "there is no token: give --token-file, or set the environment variable FINNHUB_TOKEN");
}

}  // namespace

int main(int argc, char** argv) {
  millrace::connect::WebSocketOptions websocket{.url = "wss://ws.finnhub.io"};
  std::string symbols;
  std::optional<std::string> token_file;
  std::int64_t idle_seconds = 30;
  return millrace::connect::run_source(
      argc, argv,
      {.name = "trades_ingest",
       .description = "Copies the trades of Finnhub's WebSocket feed to a topic: a record per trade, key = symbol.",
       .topic = trades::topic::kRawData,
       .options =
           [&](millrace::Options& options) {
             options.option("--symbols", symbols, "what to subscribe to, such as AAPL,MSFT,BINANCE:BTCUSDT")
                 .option("--token-file", token_file,
                         "a file whose first line is the API token; without it, FINNHUB_TOKEN is the token")
                 .option("--idle-seconds", idle_seconds,
                         "connects again if nothing comes for so long, not even the answer to a ping");
             add_websocket_options(options, websocket);
           },
       .source =
           [&](const millrace::StreamsConfig&) {
             if (idle_seconds < 1) throw millrace::ConfigException("--idle-seconds must be at least 1");
             websocket.idle_timeout = std::chrono::seconds(idle_seconds);
             return trades::make_trade_source(websocket, trades::parse_symbols(symbols), find_token(token_file));
           },
       .before_start =
           [](millrace::Broker& broker, const millrace::StreamsConfig&) {
             trades::create_missing_topics(broker, {trades::topic::kRawData});
           }});
}
