// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

// Boost 1.74's awaitable.hpp uses std::exchange without this header.
#include <utility>
//
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <thread>

#include "common/visible.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/connect/bounded_queue.hpp"
#include "tls.hpp"

namespace millrace::connect::detail {

namespace beast = boost::beast;
namespace net = boost::asio;
namespace websocket = beast::websocket;
using boost::system::error_code;
using net::use_awaitable;
using std::chrono::steady_clock;

namespace {

/// How long the far side may take to answer our close frame.
constexpr Millis kGoodbye{500};
/// How often a full queue is looked at again.
constexpr Millis kFullQueue{5};
/// How much of a message that is too large is kept for its dead letter.
constexpr std::size_t kKept = 1024;
/// The buffer shrinks again after a message larger than this.
constexpr std::size_t kUsualBuffer = 1U << 20U;

using PlainStream = websocket::stream<beast::tcp_stream>;
using TlsStream = websocket::stream<beast::ssl_stream<beast::tcp_stream>>;

/// An address of the far side was found, and what follows failed in this way.
[[nodiscard]] RetriableException lost(const std::string& what, const error_code& error) {
  return RetriableException(what + ": " + millrace::detail::visible(error.message(), 200));
}

}  // namespace

class WebSocketSession::Impl {
 public:
  Impl(const WebSocketOptions& options, const WebSocketAddress& address)
      : options_(options), address_(address), queue_(options.max_queue_bytes) {}

  ~Impl() {
    queue_.close();
    net::post(io_, [this] { leave(); });
    if (thread_.joinable()) {
      thread_.join();
    } else {
      io_.restart();
      io_.run_for(kGoodbye);
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void connect(std::vector<std::string> messages, const std::stop_token& stop) {
    if (address_.tls) tls_.emplace(make_tls_context(options_.ca_file));
    net::co_spawn(io_, run(std::move(messages)), net::detached);
    const auto deadline = steady_clock::now() + options_.connect_timeout;
    while (!connected_ && !failure_) {
      if (stop.stop_requested()) throw RetriableException("stopped while connecting");
      if (steady_clock::now() > deadline) {
        throw RetriableException("no answer within " + std::to_string(options_.connect_timeout.count()) + " ms");
      }
      io_.run_one_for(Millis(50));
    }
    if (failure_) std::rethrow_exception(failure_);
    thread_ = std::thread([this] { io_.run(); });
  }

  void take(std::vector<WebSocketMessage>& messages, std::size_t max_messages, Millis timeout) {
    queue_.take(messages, max_messages, timeout);
  }

  [[nodiscard]] Timestamp last_message() const { return last_message_; }

 private:
  /// The whole life of the connection. Never throws.
  net::awaitable<void> run(std::vector<std::string> messages) {
    try {
      if (address_.tls) {
        auto stream = std::make_shared<TlsStream>(io_, *tls_);
        abort_ = [stream] { beast::get_lowest_layer(*stream).close(); };
        co_await reach(beast::get_lowest_layer(*stream));
        co_await encrypt(stream->next_layer());
        co_await talk(stream, messages);
      } else {
        auto stream = std::make_shared<PlainStream>(io_);
        abort_ = [stream] { beast::get_lowest_layer(*stream).close(); };
        co_await reach(beast::get_lowest_layer(*stream));
        co_await talk(stream, messages);
      }
    } catch (...) {
      failure_ = std::current_exception();
    }
    if (abort_) abort_();
    // The function objects own the stream, and the stream must not outlive the io_context.
    abort_ = nullptr;
    close_ = nullptr;
    ended_ = true;
    idle_.cancel();
    goodbye_.cancel();
    if (connected_) queue_.fail(failure_);
  }

  net::awaitable<void> reach(beast::tcp_stream& tcp) {
    error_code error;
    net::ip::tcp::resolver resolver(io_);
    const auto found =
        co_await resolver.async_resolve(address_.host, address_.port, net::redirect_error(use_awaitable, error));
    if (error) throw lost("cannot find the host '" + address_.host + "'", error);
    tcp.expires_after(options_.connect_timeout);
    co_await tcp.async_connect(found, net::redirect_error(use_awaitable, error));
    if (error) throw lost("cannot connect to " + address_.host + ":" + address_.port, error);
    tcp.socket().set_option(net::ip::tcp::no_delay(true), error);
  }

  net::awaitable<void> encrypt(beast::ssl_stream<beast::tcp_stream>& stream) {
    demand_host(stream.native_handle(), address_.host);
    error_code error;
    co_await stream.async_handshake(net::ssl::stream_base::client, net::redirect_error(use_awaitable, error));
    if (!error) co_return;
    const auto problem = certificate_problem(stream.native_handle(), address_.host);
    if (!problem.empty()) throw Refused{.why = problem};
    throw lost("the TLS handshake with " + address_.host + ":" + address_.port + " failed", error);
  }

  template <class Stream>
  net::awaitable<void> talk(std::shared_ptr<Stream> stream, const std::vector<std::string>& messages) {
    beast::get_lowest_layer(*stream).expires_never();
    // Our own timer looks for an idle connection, because Beast's does not know that we stop reading.
    stream->set_option(
        websocket::stream_base::timeout{options_.connect_timeout, websocket::stream_base::none(), false});
    stream->set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
      request.set(beast::http::field::user_agent, "millrace");
      for (const auto& [name, value] : options_.headers) request.set(name, value.reveal());
    }));
    stream->read_message_max(0);  // read() has its own limit, which does not end the connection
    websocket::response_type response;
    error_code error;
    co_await stream->async_handshake(response, address_.host_header(), address_.target,
                                     net::redirect_error(use_awaitable, error));
    if (error == websocket::error::upgrade_declined) refuse(response);
    if (error) throw lost("the WebSocket handshake failed", error);
    stream->text(true);
    for (const auto& message : messages) {
      co_await stream->async_write(net::buffer(message), net::redirect_error(use_awaitable, error));
      if (error) throw lost("cannot send to the far side", error);
    }
    stream->control_callback([this](websocket::frame_type, beast::string_view) { active_ = true; });
    touch();
    close_ = [stream] { stream->async_close(websocket::close_code::going_away, [stream](const error_code&) {}); };
    connected_ = true;
    net::co_spawn(io_, watch(stream), net::detached);
    co_await read(*stream);
  }

  [[noreturn]] void refuse(const websocket::response_type& response) const {
    const int status = response.result_int();
    const auto reason = response.reason();
    const auto text = "the far side refuses the connection with HTTP status " + std::to_string(status) + " " +
                      millrace::detail::visible({reason.data(), reason.size()}, 100);
    if (status == 401 || status == 403) throw Refused{.why = text + ": check the token", .for_good = true};
    if (status == 408 || status == 429 || status >= 500) throw RetriableException(text);
    throw Refused{.why = text + ": check the host and path in --url"};
  }

  /// Reads messages until the connection ends.
  template <class Stream>
  net::awaitable<void> read(Stream& stream) {
    beast::flat_buffer buffer;
    for (;;) {
      WebSocketMessage message;
      std::size_t size = 0;
      do {
        error_code error;
        size += co_await stream.async_read_some(buffer, 0, net::redirect_error(use_awaitable, error));
        active_ = true;
        if (error) throw why_ended(stream, error);
        if (size <= options_.max_message_bytes) continue;
        if (message.text.empty()) message.text = beast::buffers_to_string(buffer.data()).substr(0, kKept);
        message.too_large = size;
        buffer.clear();
      } while (!stream.is_message_done());
      touch();
      if (message.too_large == 0) {
        message.text.reserve(buffer.size() + WebSocketHandler::kReadableBehind);
        message.text.assign(static_cast<const char*>(buffer.data().data()), buffer.size());
      }
      buffer.clear();
      if (buffer.capacity() > kUsualBuffer) buffer.shrink_to_fit();
      const std::size_t bytes = message.text.capacity() + sizeof(message);
      while (!queue_.try_push(message, bytes)) {
        if (leaving_) co_return;
        paused_ = true;
        co_await pause(kFullQueue);
      }
      paused_ = false;
    }
  }

  net::awaitable<void> pause(Millis duration) {
    net::steady_timer timer(io_, duration);
    error_code ignored;
    co_await timer.async_wait(net::redirect_error(use_awaitable, ignored));
  }

  /// Sends a ping if nothing has come for half of the idle timeout, and ends the connection if nothing follows.
  template <class Stream>
  net::awaitable<void> watch(std::shared_ptr<Stream> stream) {
    bool asked = false;
    error_code ignored;
    while (!ended_ && !leaving_) {
      idle_.expires_after(options_.idle_timeout / 2);
      co_await idle_.async_wait(net::redirect_error(use_awaitable, ignored));
      if (ended_ || leaving_) co_return;
      if (active_ || paused_) {
        active_ = false;
        asked = false;
      } else if (asked) {
        idle_too_long_ = true;
        beast::get_lowest_layer(*stream).close();
        co_return;
      } else {
        asked = true;
        co_await stream->async_ping({}, net::redirect_error(use_awaitable, ignored));
      }
    }
  }

  template <class Stream>
  [[nodiscard]] RetriableException why_ended(const Stream& stream, const error_code& error) const {
    if (idle_too_long_) {
      return RetriableException("nothing came for " + std::to_string(options_.idle_timeout.count()) +
                                " ms, not even the answer to a ping");
    }
    if (error == websocket::error::closed) {
      const auto& reason = stream.reason();
      std::string text = "the far side closed the connection (code " + std::to_string(reason.code);
      if (!reason.reason.empty()) {
        text += ": " + millrace::detail::visible({reason.reason.data(), reason.reason.size()}, 123);
      }
      return RetriableException(text + ")");
    }
    if (error == websocket::error::bad_frame_payload) {
      return RetriableException("the far side sent text that is not UTF-8, so the protocol ends the connection");
    }
    return lost("the connection was lost", error);
  }

  /// Ends the connection, politely if there is one.
  void leave() {
    leaving_ = true;
    idle_.cancel();
    if (!close_) {
      if (abort_) abort_();
      return;
    }
    close_();
    goodbye_.expires_after(kGoodbye);
    goodbye_.async_wait([this](const error_code& error) {
      if (!error && abort_) abort_();
    });
  }

  void touch() { last_message_ = Clock::system().now(); }

  const WebSocketOptions& options_;
  const WebSocketAddress& address_;
  BoundedQueue<WebSocketMessage> queue_;
  std::atomic<Timestamp> last_message_ = 0;
  // All below belongs to the thread that runs io_: connect()'s, then thread_.
  std::optional<net::ssl::context> tls_;
  bool connected_ = false;
  bool ended_ = false;          ///< run() is done
  bool leaving_ = false;        ///< the object is being destroyed
  bool active_ = false;         ///< something has come since watch() looked
  bool paused_ = false;         ///< the queue is full
  bool idle_too_long_ = false;  ///< watch() has ended the connection
  std::exception_ptr failure_;
  std::function<void()> abort_;  ///< closes the socket
  std::function<void()> close_;  ///< sends a close frame
  net::io_context io_{1};
  net::steady_timer idle_{io_};
  net::steady_timer goodbye_{io_};
  std::thread thread_;
};

WebSocketSession::WebSocketSession(const WebSocketOptions& options, const WebSocketAddress& address)
    : impl_(std::make_unique<Impl>(options, address)) {}
WebSocketSession::~WebSocketSession() = default;
void WebSocketSession::connect(std::vector<std::string> messages, const std::stop_token& stop) {
  impl_->connect(std::move(messages), stop);
}
void WebSocketSession::take(std::vector<WebSocketMessage>& messages, std::size_t max_messages, Millis timeout) {
  impl_->take(messages, max_messages, timeout);
}
Timestamp WebSocketSession::last_message() const { return impl_->last_message(); }

}  // namespace millrace::connect::detail
