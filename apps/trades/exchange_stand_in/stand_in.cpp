// SPDX-License-Identifier: Apache-2.0
#include "trades/exchange_stand_in/stand_in.hpp"

// Boost 1.74's awaitable.hpp uses std::exchange without this header.
#include <utility>
//
#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/serde/json.hpp"

namespace trades {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
namespace websocket = beast::websocket;
using boost::system::error_code;
using net::use_awaitable;
using std::chrono::steady_clock;
using PlainStream = websocket::stream<beast::tcp_stream>;
using TlsStream = websocket::stream<beast::ssl_stream<beast::tcp_stream>>;

struct Subscription {
  std::string type, symbol;
};
MILLRACE_JSON(Subscription, type, symbol)

/// A client that has shaken hands.
struct Client {
  std::set<std::string, std::less<>> symbols;
  bool gone = false;
};

std::string bytes_of_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return out;
}

}  // namespace

class ExchangeStandIn::Impl {
 public:
  Impl(StandInOptions options, std::unique_ptr<Feed> feed) : options_(std::move(options)), feed_(std::move(feed)) {
    if (!options_.record.empty()) record_.open(options_.record, std::ios::app);
    try {
      if (!options_.certificate.empty()) {
        tls_.emplace(net::ssl::context::tls_server);
        tls_->use_certificate_chain_file(options_.certificate.string());
        tls_->use_private_key_file(options_.key.string(), net::ssl::context::pem);
      }
      const net::ip::tcp::endpoint endpoint(net::ip::address_v4::loopback(), options_.port);
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(net::socket_base::reuse_address(true));
      acceptor_.bind(endpoint);
      acceptor_.listen();
    } catch (const boost::system::system_error& error) {
      throw millrace::StreamsException(std::string("the stand-in cannot listen: ") + error.what());
    }
    event(fmt::format("listening {}", port()));
    net::co_spawn(io_, accept(), net::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Impl() {
    io_.stop();
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] bool finished() const { return finished_; }

  void command(std::string line) {
    net::post(io_, [this, line = std::move(line)] {
      std::istringstream in(line);
      std::string word;
      in >> word;
      // These two are about connections to come.
      if (word == "refuse" || word == "drop-handshake") {
        in >> (word == "refuse" ? refuse_ : drop_handshake_);
        event("done " + word);
        return;
      }
      commands_.push_back(line);
      wake_.cancel();
    });
  }

 private:
  void event(std::string_view text) const {
    if (options_.on_event) options_.on_event(text);
  }

  net::awaitable<void> accept() {
    for (;;) {
      error_code error;
      net::ip::tcp::socket socket(io_);
      co_await acceptor_.async_accept(socket, net::redirect_error(use_awaitable, error));
      if (error) continue;
      socket.set_option(net::ip::tcp::no_delay(true), error);
      if (refuse_ > 0) {
        --refuse_;
        event("refused");
        continue;
      }
      net::co_spawn(io_, serve(std::move(socket)), net::detached);
    }
  }

  net::awaitable<void> serve(net::ip::tcp::socket socket) {
    if (!tls_) {
      co_await talk(std::make_shared<PlainStream>(std::move(socket)));
      co_return;
    }
    auto stream = std::make_shared<TlsStream>(std::move(socket), *tls_);
    error_code error;
    co_await stream->next_layer().async_handshake(net::ssl::stream_base::server,
                                                  net::redirect_error(use_awaitable, error));
    if (error) {
      event("no TLS");
      co_return;
    }
    co_await talk(stream);
  }

  template <class Stream>
  net::awaitable<void> talk(std::shared_ptr<Stream> stream) {
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    error_code error;
    co_await http::async_read(stream->next_layer(), buffer, request, net::redirect_error(use_awaitable, error));
    if (error) co_return;
    if (drop_handshake_ > 0) {
      --drop_handshake_;
      event("refused");
      co_return;
    }
    const std::string_view target(request.target().data(), request.target().size());
    const auto query = target.find("token=");
    if (query == std::string_view::npos || target.substr(query + 6) != options_.token) {
      event("wrong token");
      http::response<http::string_body> response(http::status::unauthorized, request.version());
      response.prepare_payload();
      co_await http::async_write(stream->next_layer(), response, net::redirect_error(use_awaitable, error));
      co_return;
    }
    co_await stream->async_accept(request, net::redirect_error(use_awaitable, error));
    if (error) co_return;
    event("connected");
    auto client = std::make_shared<Client>();
    net::co_spawn(io_, send(stream, client), net::detached);
    while (!error) {
      beast::flat_buffer message;
      co_await stream->async_read(message, net::redirect_error(use_awaitable, error));
      if (error) break;
      subscribe(*client, beast::buffers_to_string(message.data()));
      wake_.cancel();
    }
    client->gone = true;
    wake_.cancel();
    event("disconnected");
  }

  void subscribe(Client& client, const std::string& message) const {
    try {
      const auto wish = millrace::from_json_string<Subscription>(message);
      if (wish.type == "subscribe") client.symbols.insert(wish.symbol);
      if (wish.type == "unsubscribe") client.symbols.erase(wish.symbol);
      event(wish.type + "d " + wish.symbol);
    } catch (const millrace::SerializationException&) {
      event("not understood");
    }
    if (client.symbols.size() == options_.wait_for) event("ready");
  }

  /// Executes commands, and plays the feed between them.
  template <class Stream>
  net::awaitable<void> send(std::shared_ptr<Stream> stream, std::shared_ptr<Client> client) {
    try {
      while (!client->gone) {
        const bool ready = client->symbols.size() >= options_.wait_for;
        if (ready && !commands_.empty()) {
          const auto line = commands_.front();
          commands_.pop_front();
          co_await execute(*stream, *client, line);
          event("done " + line.substr(0, line.find(' ')));
        } else if (ready && options_.play && !finished_) {
          co_await message(*stream, *client, options_.batch);
        } else {
          error_code ignored;
          wake_.expires_after(std::chrono::seconds(1));
          co_await wake_.async_wait(net::redirect_error(use_awaitable, ignored));
        }
      }
    } catch (const std::exception& error) {
      event(std::string("error ") + error.what());
    }
  }

  template <class Stream>
  net::awaitable<void> execute(Stream& stream, Client& client, const std::string& line) {
    std::istringstream in(line);
    std::string word;
    in >> word;
    const auto rest = line.size() > word.size() ? line.substr(word.size() + 1) : std::string();
    std::size_t count = 0;
    if (word == "play" || word == "message" || word == "burst" || word == "big") in >> count;
    if (word == "play") {
      for (; count > 0 && !finished_ && !client.gone; count -= std::min(count, options_.batch)) {
        co_await message(stream, client, std::min(count, options_.batch));
      }
    } else if (word == "message") {
      co_await message(stream, client, count);
    } else if (word == "burst") {
      double rate = 1;
      in >> rate;
      const auto start = steady_clock::now();
      for (std::size_t done = 0; done < count && !finished_ && !client.gone; done += options_.batch) {
        co_await wait_until(start + std::chrono::microseconds(static_cast<std::int64_t>(1e6 * double(done) / rate)));
        co_await message(stream, client, std::min(count - done, options_.batch));
      }
    } else if (word == "ping") {
      co_await text(stream, R"({"type":"ping"})");
    } else if (word == "ws-ping") {
      co_await stream.async_ping({}, use_awaitable);
    } else if (word == "error") {
      co_await text(stream, fmt::format(R"({{"type":"error","msg":{}}})", millrace::to_json_string(rest)));
    } else if (word == "big") {
      co_await message(stream, client, options_.batch, fmt::format(R"("padding":"{}",)", std::string(count, 'x')));
    } else if (word == "raw") {
      co_await text(stream, rest);
    } else if (word == "raw-hex") {
      co_await text(stream, bytes_of_hex(rest));
    } else if (word == "binary-hex") {
      stream.binary(true);
      co_await text(stream, bytes_of_hex(rest));
      stream.text(true);
    } else if (word == "stall") {
      co_await wait_until(steady_clock::now() + std::chrono::milliseconds(std::stoll(rest)));
    } else if (word == "close") {
      co_await stream.async_close(static_cast<websocket::close_code>(std::stoi(rest)), use_awaitable);
    } else if (word == "cut" || word == "cut-frame") {
      // A text frame of 4,096 bytes, of which a few come.
      const std::string part("\x81\x7E\x10\x00{\"data\":[{", 14);
      if (word == "cut-frame") co_await net::async_write(stream.next_layer(), net::buffer(part), use_awaitable);
      // All that was sent arrives; the reader sees the end when the client has closed its side.
      beast::get_lowest_layer(stream).socket().shutdown(net::socket_base::shutdown_send);
      const auto deadline = steady_clock::now() + std::chrono::seconds(5);
      while (!client.gone && steady_clock::now() < deadline) {
        co_await wait_until(steady_clock::now() + std::chrono::milliseconds(5));
      }
      beast::get_lowest_layer(stream).close();
    } else {
      event("unknown command " + word);
    }
  }

  template <class Stream>
  net::awaitable<void> text(Stream& stream, std::string content) {
    co_await stream.async_write(net::buffer(content), use_awaitable);
  }

  net::awaitable<void> wait_until(steady_clock::time_point when) {
    net::steady_timer timer(io_, when);
    error_code ignored;
    co_await timer.async_wait(net::redirect_error(use_awaitable, ignored));
  }

  /// Sends the next `count` trades of the client's symbols in one message.
  template <class Stream>
  net::awaitable<void> message(Stream& stream, const Client& client, std::size_t count, std::string padding = {}) {
    std::string content = R"({"data":[)";
    std::string lines;
    std::size_t trades = 0;
    while (trades < count) {
      auto trade = std::exchange(held_, std::nullopt);
      if (!trade) trade = feed_->next();
      if (!trade) {
        exhausted_ = true;
        break;
      }
      if (!client.symbols.contains(trade->symbol)) continue;
      if (options_.speed > 0) {
        if (!first_time_) {
          first_time_ = trade->time;
          started_ = steady_clock::now();
        }
        const auto after = static_cast<std::int64_t>(double(trade->time - *first_time_) * 1000 / options_.speed);
        const auto due = started_ + std::chrono::microseconds(after);
        if (due > steady_clock::now() + std::chrono::milliseconds(1)) {
          // What is due goes out first.
          if (trades > 0) {
            held_ = std::move(trade);
            break;
          }
          co_await wait_until(due);
        }
      }
      if (trades++ > 0) content += ',';
      content += trade->json;
      lines += trade->json + "\n";
    }
    if (trades > 0) {
      content += "]," + padding + R"("type":"trade"})";
      co_await stream.async_write(net::buffer(content), use_awaitable);
      sent_ += trades;
      if (record_.is_open()) record_ << lines << std::flush;
    }
    if (exhausted_ && !held_ && !finished_) {
      finished_ = true;
      event("finished");
    }
  }

  const StandInOptions options_;
  const std::unique_ptr<Feed> feed_;
  std::ofstream record_;
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<bool> finished_ = false;
  // All below belongs to thread_.
  std::optional<net::ssl::context> tls_;
  bool exhausted_ = false;
  std::optional<FeedTrade> held_;  ///< read from the feed and not due yet
  std::optional<std::int64_t> first_time_;
  steady_clock::time_point started_;
  std::deque<std::string> commands_;
  int refuse_ = 0;
  int drop_handshake_ = 0;
  net::io_context io_{1};
  net::ip::tcp::acceptor acceptor_{io_};
  net::steady_timer wake_{io_};
  std::thread thread_;
};

ExchangeStandIn::ExchangeStandIn(StandInOptions options, std::unique_ptr<Feed> feed)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(feed))) {}
ExchangeStandIn::~ExchangeStandIn() = default;
std::uint16_t ExchangeStandIn::port() const { return impl_->port(); }
void ExchangeStandIn::command(std::string line) { impl_->command(std::move(line)); }
std::uint64_t ExchangeStandIn::sent() const { return impl_->sent(); }
bool ExchangeStandIn::finished() const { return impl_->finished(); }

}  // namespace trades
