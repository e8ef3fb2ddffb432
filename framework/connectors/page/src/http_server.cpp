// SPDX-License-Identifier: Apache-2.0
#include "http_server.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <thread>
#include <utility>

#include "http_session.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::page::detail {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Pause after accept() failed, which it does when the process has too many open files.
constexpr std::chrono::seconds kPauseAfterError{1};

asio::ip::address parsed_address(const std::string& text) {
  error_code error;
  const auto address = asio::ip::make_address(text == "localhost" ? "127.0.0.1" : text, error);
  if (error) {
    throw ConfigException(fmt::format(
        "live page: '{}' is no address to listen on; write an IP address of this machine, or localhost", text));
  }
  return address;
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const PageOptions& options, const PageData& data)
      : address_(parsed_address(options.address)),
        state_{.data = data, .address = options.address, .hub = EventHub(data.epoch(), options.max_viewers)},
        acceptor_(io_),
        pause_(io_) {
    // A browser opens up to six connections.
    state_.max_connections = 6 * options.max_viewers + 16;
    listen(options);
    accept();
    thread_ = std::thread([this] { run(); });
  }

  ~Impl() {
    io_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  [[nodiscard]] std::string url() const {
    if (address_.is_unspecified()) return fmt::format("http://localhost:{}/", port_);
    const auto host = address_.is_v6() ? "[" + address_.to_string() + "]" : address_.to_string();
    return fmt::format("http://{}:{}/", host, port_);
  }

  void publish(Event event) {
    asio::post(io_, [this, event = std::move(event)] { state_.hub.publish(event.number, event.json); });
  }

  [[nodiscard]] bool has_viewers() const { return state_.hub.viewers() > 0; }

 private:
  void listen(const PageOptions& options) {
    const tcp::endpoint endpoint(address_, options.port);
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      throw ConfigException(
          fmt::format("live page: cannot listen on {} port {}: {}; choose another port, or 0 for a free "
                      "one",
                      options.address, options.port, error.message()));
    }
    port_ = acceptor_.local_endpoint().port();
  }

  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) {
        log(LogLevel::warn, fmt::format("live page: cannot accept a connection: {}", error.message()));
        pause_.expires_after(kPauseAfterError);
        pause_.async_wait([this](error_code) { accept(); });
        return;
      }
      // One connection too many is closed at once.
      if (state_.connections < state_.max_connections) serve(std::move(socket), state_);
      accept();
    });
  }

  void run() {
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (const std::exception& error) {
        // One connection failed; the others go on.
        log(LogLevel::error, fmt::format("live page: {}", error.what()));
      }
    }
  }

  asio::ip::address address_;
  std::uint16_t port_ = 0;
  ServerState state_;
  asio::io_context io_{1};  // its end ends the connections, which use state_
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::thread thread_;
};

HttpServer::HttpServer(const PageOptions& options, const PageData& data)
    : impl_(std::make_unique<Impl>(options, data)) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return impl_->port(); }
std::string HttpServer::url() const { return impl_->url(); }
void HttpServer::publish(Event event) { impl_->publish(std::move(event)); }
bool HttpServer::has_viewers() const { return impl_->has_viewers(); }

}  // namespace millrace::page::detail
