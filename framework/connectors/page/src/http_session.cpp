// SPDX-License-Identifier: Apache-2.0
#include "http_session.hpp"

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "assets.hpp"
#include "http_rules.hpp"

namespace millrace::page::detail {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

/// The largest size of a request's headers, in bytes.
constexpr std::uint32_t kMaxHeaders = 8 * 1024;
/// How long a client may take to send a request; also how long a connection may wait for the next one.
constexpr std::chrono::seconds kRequestTime{15};
/// How long a client may take to accept what it is sent.
constexpr std::chrono::seconds kSendTime{20};

/// Counts a connection as long as it lives.
class Counted {
 public:
  explicit Counted(ServerState& state) : state_(state) { ++state_.connections; }
  ~Counted() { --state_.connections; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  ServerState& state_;
};

/// A connection that receives events. A frame is written after the one before it; what comes meanwhile waits in the
/// backlog.
class EventStream final : public Viewer, public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(tcp::socket socket, ServerState& state)
      : counted_(state), socket_(std::move(socket)), deadline_(socket_.get_executor()) {}

  /// Call once, when the object is owned by a shared_ptr.
  void start(ServerState& state, std::optional<std::uint64_t> seen) {
    // A large buffer in the kernel would hold old events for a slow viewer.
    error_code ignored;
    socket_.set_option(asio::socket_base::send_buffer_size(256 * 1024), ignored);
    watch();
    const auto self = shared_from_this();
    static const auto kHead = std::make_shared<const std::string>(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n" +
        security_headers() + "\r\nretry: 1000\n\n");
    static const auto kFull = std::make_shared<const std::string>(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n");
    writing_ = kHead;
    if (!state.hub.join(self, seen)) {
      writing_ = kFull;
      last_ = true;
    }
    write();
  }

  void send(const Frame& frame) override {
    backlog_.push(frame);
    if (writing_ == nullptr) next();
  }

 private:
  void next() {
    writing_ = backlog_.pop();
    if (writing_ != nullptr) write();
  }

  void write() {
    deadline_.expires_after(kSendTime);
    deadline_.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (!error && self) self->close();
    });
    asio::async_write(socket_, asio::buffer(*writing_), [self = shared_from_this()](error_code error, std::size_t) {
      self->deadline_.cancel();
      if (error || self->last_) return self->close();
      self->next();
    });
  }

  /// Notices when the viewer goes. A viewer has nothing more to say, so it also goes if it does.
  void watch() {
    socket_.async_read_some(asio::buffer(ignored_),
                            [self = shared_from_this()](error_code, std::size_t) { self->close(); });
  }

  void close() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
    deadline_.cancel();
  }

  Counted counted_;
  tcp::socket socket_;
  asio::steady_timer deadline_;
  Backlog backlog_;
  Frame writing_;
  bool last_ = false;  ///< the connection ends after this frame
  std::array<char, 64> ignored_{};
};

/// A connection that asks and is answered.
class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, ServerState& state)
      : counted_(std::in_place, state), stream_(std::move(socket)), state_(state) {}

  void read() {
    parser_.emplace();
    parser_->header_limit(kMaxHeaders);
    stream_.expires_after(kRequestTime);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) { self->got(error); });
  }

 private:
  using Response = http::response<http::string_body>;

  void got(error_code error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return refuse(http::status::request_header_fields_too_large, "The request is too large.");
    }
    if (error == http::error::unexpected_body || error == http::error::body_limit) {
      return refuse(http::status::payload_too_large, "A request must not have a body.");
    }
    if (error && error != http::error::end_of_stream && error != http::error::partial_message &&
        error.category() == http::make_error_code(http::error::bad_method).category()) {
      return refuse(http::status::bad_request, "This is no HTTP request.");
    }
    if (error) return close();
    answer();
  }

  void answer() {
    const auto& request = parser_->get();
    const auto host = request[http::field::host];
    if (!host_allowed({host.data(), host.size()}, state_.address)) {
      return refuse(http::status::misdirected_request,
                    "This server has another name. Use its IP address or localhost.");
    }
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      auto response = make(http::status::method_not_allowed, "text/plain; charset=utf-8", "This page is read-only.");
      response.set(http::field::allow, "GET, HEAD");
      return send(std::move(response));
    }
    const auto target = split_target({request.target().data(), request.target().size()});
    if (target.path == "/events" && request.method() == http::verb::get) return stream_events();
    if (target.path == "/api/page") return send_json(state_.data.description());
    if (const auto panel = panel_number(target.path)) {
      const auto query = parse_query(target.query);
      if (!query) return send(make(http::status::bad_request, "text/plain; charset=utf-8", "The query is malformed."));
      const auto json = state_.data.snapshot(*panel, *query);
      if (json) return send_json(*json);
    }
    for (const auto& asset : assets()) {
      if (asset.path == target.path) return send_asset(asset);
    }
    send(make(http::status::not_found, "text/plain; charset=utf-8", "There is no such page."));
  }

  void send_asset(const Asset& asset) {
    const auto known = parser_->get()[http::field::if_none_match];
    const bool fresh = std::string_view(known.data(), known.size()) == asset.etag;
    auto response =
        fresh ? make(http::status::not_modified, asset.type, {}) : make(http::status::ok, asset.type, asset.content);
    response.set(http::field::etag, beast::string_view(asset.etag.data(), asset.etag.size()));
    response.set(http::field::cache_control, "no-cache");
    send(std::move(response));
  }

  void send_json(std::string_view json) {
    auto response = make(http::status::ok, "application/json", json);
    response.set(http::field::cache_control, "no-store");
    send(std::move(response));
  }

  void stream_events() {
    const auto id = parser_->get()["Last-Event-ID"];
    const auto seen = event_number({id.data(), id.size()}, state_.hub.epoch());
    counted_.reset();  // the stream counts from now on
    stream_.expires_never();
    std::make_shared<EventStream>(stream_.release_socket(), state_)->start(state_, seen);
  }

  [[nodiscard]] static Response make(http::status status, std::string_view type, std::string_view body) {
    Response response(status, 11);
    response.set(http::field::content_type, beast::string_view(type.data(), type.size()));
    response.body() = body;
    return response;
  }

  /// Answers what cannot be understood, or is not for this server, and ends the connection.
  void refuse(http::status status, std::string_view why) {
    keep_alive_ = false;
    auto response = make(status, "text/plain; charset=utf-8", why);
    response.prepare_payload();
    write(std::move(response));
  }

  void send(Response response) {
    const auto& request = parser_->get();
    keep_alive_ = request.keep_alive();
    response.version(request.version());
    const auto size = response.body().size();
    if (request.method() == http::verb::head) response.body().clear();
    if (response.result() != http::status::not_modified) response.content_length(size);
    write(std::move(response));
  }

  void write(Response response) {
    response.keep_alive(keep_alive_);
    add_security_headers(response);
    const auto kept = std::make_shared<Response>(std::move(response));
    stream_.expires_after(kSendTime);
    http::async_write(stream_, *kept, [self = shared_from_this(), kept](error_code error, std::size_t) {
      if (error || !self->keep_alive_) return self->close();
      self->read();
    });
  }

  static void add_security_headers(Response& response) {
    std::string_view rest = security_headers();
    while (!rest.empty()) {
      const auto end = rest.find("\r\n");
      const auto line = rest.substr(0, end);
      const auto colon = line.find(": ");
      const auto name = line.substr(0, colon);
      const auto value = line.substr(colon + 2);
      response.set(beast::string_view(name.data(), name.size()), beast::string_view(value.data(), value.size()));
      rest.remove_prefix(end + 2);
    }
  }

  void close() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.close();
  }

  std::optional<Counted> counted_;
  beast::tcp_stream stream_;
  ServerState& state_;
  beast::flat_buffer buffer_{2 * kMaxHeaders};
  std::optional<http::request_parser<http::empty_body>> parser_;
  bool keep_alive_ = true;
};

}  // namespace

void serve(tcp::socket socket, ServerState& state) { std::make_shared<Session>(std::move(socket), state)->read(); }

}  // namespace millrace::page::detail
