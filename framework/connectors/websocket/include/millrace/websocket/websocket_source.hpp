// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/app/options.hpp"
#include "millrace/common/time.hpp"
#include "millrace/connect/secret.hpp"
#include "millrace/connect/source.hpp"

namespace millrace::connect {

/// Where a WebSocketSource connects, and its limits.
struct WebSocketOptions {
  /// `wss://HOST[:PORT][/PATH][?QUERY]`. `ws://` has no encryption: only for this machine, unless `allow_plain`.
  std::string url;
  /// Parameters that are appended to the query and never logged, such as a token. The values are percent-encoded.
  std::vector<std::pair<std::string, Secret>> secret_query = {};
  /// Further headers of the request, such as `Authorization`. Never logged.
  std::vector<std::pair<std::string, Secret>> headers = {};
  /// A file with the certificates (PEM) of the authorities to trust. Empty: those of the system.
  std::filesystem::path ca_file = {};
  bool allow_plain = false;
  std::size_t max_queue_bytes = 64U << 20U;    ///< what is read ahead of poll(); then the far side must wait
  std::size_t max_message_bytes = 16U << 20U;  ///< larger messages are dead letters
  Millis connect_timeout{10'000};              ///< from the name look-up to the answer of the handshake
  /// The connection counts as lost if nothing comes for this long, not even the answer to a ping. A ping is sent after
  /// half of it.
  Millis idle_timeout{30'000};
};

/// Adds `--url`, `--ca-file` and `--allow-plain`. `options` must outlive the parsing.
void add_websocket_options(Options& cli, WebSocketOptions& options);

/// Takes what a handler makes of a message.
class WebSocketOutput {
 public:
  WebSocketOutput(std::vector<SourceRecord>& records, std::function<void(std::string_view)> warn)
      : records_(records), warn_(std::move(warn)) {}

  /// Append records here. A record with an error becomes a dead letter.
  [[nodiscard]] std::vector<SourceRecord>& records() { return records_; }
  /// Something that a user must know: the far side reports an error, or sent something that is unknown.
  void warn(std::string_view message) const { warn_(message); }

 private:
  std::vector<SourceRecord>& records_;
  std::function<void(std::string_view)> warn_;
};

/// Speaks the protocol of a feed. Threads: all calls are on the thread of the source's open() and poll().
class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;

  /// The text messages to send after each connection is made, such as subscriptions.
  [[nodiscard]] virtual std::vector<std::string> on_connect() { return {}; }

  /// A complete message, text or binary. Text is UTF-8. At least kReadableBehind bytes behind `message` may be read, as
  /// simdjson wants. RetriableException: connect again. Every other exception ends the program.
  virtual void on_message(std::string_view message, WebSocketOutput& out) = 0;

  static constexpr std::size_t kReadableBehind = 64;
};

/// Reads a feed over WebSocket. A live source: what the feed sends while there is no connection is lost, and the gap is
/// reported.
///
/// A thread of its own reads the connection and answers pings. When `max_queue_bytes` wait for poll(), it stops
/// reading.
///
/// Errors  Lost and refused connections: RetriableException. A certificate that is not valid, a refused token (HTTP
///         401, 403) and other refusals of the handshake at the first connection: ConfigException, which ends the
///         program. Later ones are tried again, but for 401 and 403. Messages never contain the secrets.
class WebSocketSource : public Source {
 public:
  /// Does not connect. Throws ConfigException if the URL cannot be used.
  WebSocketSource(WebSocketOptions options, std::unique_ptr<WebSocketHandler> handler);
  ~WebSocketSource() override;
  WebSocketSource(const WebSocketSource&) = delete;
  WebSocketSource& operator=(const WebSocketSource&) = delete;

  [[nodiscard]] SourceKind kind() const override { return SourceKind::live; }
  [[nodiscard]] std::string name() const override;
  void open(SourceContext& context) override;
  [[nodiscard]] bool poll(std::vector<SourceRecord>& records, std::size_t max_records, Millis timeout) override;
  void close() noexcept override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::connect
