// SPDX-License-Identifier: Apache-2.0
#include "millrace/websocket/websocket_source.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "address.hpp"
#include "millrace/common/errors.hpp"
#include "session.hpp"

namespace millrace::connect {

void add_websocket_options(Options& cli, WebSocketOptions& options) {
  cli.option("--url", options.url, "the address of the feed, wss://HOST[:PORT][/PATH]")
      .option("--ca-file", options.ca_file, "certificates to trust instead of the system's, in PEM format")
      .flag("--allow-plain", options.allow_plain, "allows ws://, which is not encrypted, to other machines");
}

class WebSocketSource::Impl {
 public:
  Impl(WebSocketOptions options, std::unique_ptr<WebSocketHandler> handler)
      : options_(std::move(options)),
        address_(detail::parse_websocket_address(options_)),
        handler_(std::move(handler)) {}

  [[nodiscard]] const std::string& name() const { return address_.shown; }

  void open(SourceContext& context) {
    context_ = &context;
    auto messages = handler_->on_connect();
    session_ = std::make_unique<detail::WebSocketSession>(options_, address_);
    try {
      session_->connect(std::move(messages), context.stop());
    } catch (const detail::WebSocketSession::Refused& refused) {
      session_.reset();
      const auto why = without(refused.why);
      if (refused.for_good || !opened_) throw ConfigException(address_.shown + ": " + why);
      throw RetriableException(why);
    } catch (const RetriableException& error) {
      session_.reset();
      throw RetriableException(without(error.what()));
    }
    opened_ = true;
    if (gap_since_) {
      context.report_gap(*gap_since_, std::max(*gap_since_, session_->last_message()), why_closed_);
      gap_since_.reset();
    }
    why_closed_ = "the connection was closed here";
  }

  void poll(std::vector<SourceRecord>& records, std::size_t max_records, Millis timeout) {
    const std::size_t wanted = records.size() + max_records;
    hand_out(records, wanted);
    // The first message is waited for. Further ones are taken if they are there, to fill the batch.
    bool waited = !records.empty();
    while (records.size() < wanted) {
      messages_.clear();
      try {
        session_->take(messages_, 1, waited ? Millis(0) : timeout);
      } catch (const RetriableException& error) {
        why_closed_ = without(error.what());
        if (!records.empty()) return;  // the next call throws again
        throw RetriableException(why_closed_);
      }
      waited = true;
      if (messages_.empty()) return;
      understand(messages_.front());
      hand_out(records, wanted);
    }
  }

  void close() noexcept {
    if (!session_) return;
    if (!gap_since_) gap_since_ = session_->last_message();
    session_.reset();
    pending_.clear();
    next_ = 0;
  }

 private:
  void understand(const detail::WebSocketMessage& message) {
    if (message.too_large > 0) {
      const auto text = "a message of " + std::to_string(message.too_large) + " bytes is larger than the limit of " +
                        std::to_string(options_.max_message_bytes) + " bytes; the value is its beginning";
      pending_.push_back({.value = message.text, .error = text});
      return;
    }
    WebSocketOutput out(pending_, [this](std::string_view text) { context_->warn(without(std::string(text))); });
    handler_->on_message(message.text, out);
  }

  /// Moves pending records out, up to `wanted` in all.
  void hand_out(std::vector<SourceRecord>& records, std::size_t wanted) {
    const auto count = std::min(pending_.size() - next_, wanted - records.size());
    const auto first = pending_.begin() + static_cast<std::ptrdiff_t>(next_);
    std::move(first, first + static_cast<std::ptrdiff_t>(count), std::back_inserter(records));
    next_ += count;
    if (next_ < pending_.size()) return;
    pending_.clear();
    next_ = 0;
  }

  /// The text without our secrets: the far side may have put them into a message of its own.
  [[nodiscard]] std::string without(std::string text) const {
    for (const auto* secrets : {&options_.secret_query, &options_.headers}) {
      for (const auto& [name, secret] : *secrets) {
        if (secret.empty()) continue;
        for (auto at = text.find(secret.reveal()); at != std::string::npos; at = text.find(secret.reveal(), at + 3)) {
          text.replace(at, secret.reveal().size(), "...");
        }
      }
    }
    return text;
  }

  const WebSocketOptions options_;
  const detail::WebSocketAddress address_;
  const std::unique_ptr<WebSocketHandler> handler_;
  SourceContext* context_ = nullptr;  ///< from open() on
  std::unique_ptr<detail::WebSocketSession> session_;
  std::vector<detail::WebSocketMessage> messages_;
  std::vector<SourceRecord> pending_;  ///< of a message that had more records than one poll() takes
  std::size_t next_ = 0;               ///< the first of pending_ that was not handed out
  bool opened_ = false;                ///< there has been a connection
  std::optional<Timestamp> gap_since_;
  std::string why_closed_;
};

WebSocketSource::WebSocketSource(WebSocketOptions options, std::unique_ptr<WebSocketHandler> handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}
WebSocketSource::~WebSocketSource() = default;
std::string WebSocketSource::name() const { return impl_->name(); }
void WebSocketSource::open(SourceContext& context) { impl_->open(context); }
bool WebSocketSource::poll(std::vector<SourceRecord>& records, std::size_t max_records, Millis timeout) {
  impl_->poll(records, max_records, timeout);
  return true;
}
void WebSocketSource::close() noexcept { impl_->close(); }

}  // namespace millrace::connect
