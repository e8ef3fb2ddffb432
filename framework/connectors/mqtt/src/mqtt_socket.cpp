// SPDX-License-Identifier: Apache-2.0
#include "mqtt_socket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "common/visible.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::connect::detail {
namespace {

using Clock = std::chrono::steady_clock;

/// How soon a wish to stop is noticed while a connection is made.
constexpr Millis kLook{100};

std::string error_text(int error) { return std::generic_category().message(error); }

/// What OpenSSL has to say, and empties its list.
std::string tls_error() {
  std::string text;
  while (const auto code = ERR_get_error()) {
    if (const char* const reason = ERR_reason_error_string(code))
      text += (text.empty() ? "" : ", ") + std::string(reason);
  }
  return text.empty() ? "the connection was closed" : text;
}

struct Resolved {
  addrinfo* list = nullptr;
  ~Resolved() {
    if (list != nullptr) freeaddrinfo(list);
  }
};

}  // namespace

struct MqttSocket::Tls {
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
  bool wants_output = false;

  ~Tls() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
};

MqttSocket::MqttSocket() = default;
MqttSocket::~MqttSocket() { close(); }

void MqttSocket::close() noexcept {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void MqttSocket::connect(const MqttAddress& address, const std::string& ca_file, Millis timeout,
                         const std::stop_token& stop) {
  close();
  address_ = address;
  const auto until = Clock::now() + timeout;
  connect_tcp(until, stop);
  if (address.tls) connect_tls(ca_file, until, stop);
}

bool MqttSocket::ready(short events, Millis timeout) const {
  pollfd poll{.fd = fd_, .events = events, .revents = 0};
  return ::poll(&poll, 1, static_cast<int>(std::clamp<std::int64_t>(timeout.count(), 0, 60'000))) > 0;
}

void MqttSocket::connect_tcp(Clock::time_point until, const std::stop_token& stop) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  Resolved resolved;
  if (const int error =
          getaddrinfo(address_.host.c_str(), std::to_string(address_.port).c_str(), &hints, &resolved.list)) {
    throw RetriableException("cannot find the host of " + address_.text() + ": " + gai_strerror(error));
  }
  std::string why = "no address";
  for (const addrinfo* at = resolved.list; at != nullptr; at = at->ai_next) {
    close();
    fd_ = ::socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (fd_ < 0) {
      why = error_text(errno);
      continue;
    }
    int error = ::connect(fd_, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      bool done = false;
      while (!done && Clock::now() < until && !stop.stop_requested()) done = ready(POLLOUT, kLook);
      if (stop.stop_requested()) throw RetriableException("stopped while connecting to " + address_.text());
      socklen_t size = sizeof(error);
      if (!done) {
        error = ETIMEDOUT;
      } else if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
      }
    }
    if (error == 0) {
      const int on = 1;
      setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      return;
    }
    why = error_text(error);
  }
  throw RetriableException("cannot connect to the MQTT broker at " + address_.text() + ": " + why);
}

void MqttSocket::connect_tls(const std::string& ca_file, Clock::time_point until, const std::stop_token& stop) {
  ERR_clear_error();
  tls_ = std::make_unique<Tls>();
  tls_->context = SSL_CTX_new(TLS_client_method());
  if (tls_->context == nullptr) throw StreamsException("cannot use TLS: " + tls_error());
  SSL_CTX_set_min_proto_version(tls_->context, TLS1_2_VERSION);
  SSL_CTX_set_mode(tls_->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(tls_->context, SSL_VERIFY_PEER, nullptr);
  if (ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(tls_->context);
  } else if (SSL_CTX_load_verify_locations(tls_->context, ca_file.c_str(), nullptr) != 1) {
    throw ConfigException("cannot read authorities from the file '" + millrace::detail::visible(ca_file, 200) + "' (" +
                          tls_error() + "): --ca-file wants a PEM file with certificates");
  }
  tls_->ssl = SSL_new(tls_->context);
  if (tls_->ssl == nullptr || SSL_set_fd(tls_->ssl, fd_) != 1) {
    throw StreamsException("cannot use TLS: " + tls_error());
  }
  // An IP address is compared with the certificate's IP addresses. It is not sent as a server name.
  X509_VERIFY_PARAM* const verify = SSL_get0_param(tls_->ssl);
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(verify, address_.host.c_str()) != 1) {
    ERR_clear_error();
    if (SSL_set1_host(tls_->ssl, address_.host.c_str()) != 1 ||
        SSL_set_tlsext_host_name(tls_->ssl, address_.host.c_str()) != 1) {
      throw StreamsException("cannot check the certificate of " + address_.text() + ": " + tls_error());
    }
  }
  while (true) {
    ERR_clear_error();
    const int result = SSL_connect(tls_->ssl);
    if (result == 1) return;
    const int error = SSL_get_error(tls_->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
      if (stop.stop_requested()) throw RetriableException("stopped while connecting to " + address_.text());
      if (Clock::now() >= until) {
        throw RetriableException("the MQTT broker at " + address_.text() + " does not answer the TLS handshake");
      }
      (void)ready(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, kLook);
      continue;
    }
    if (const long verified = SSL_get_verify_result(tls_->ssl); verified != X509_V_OK) {
      throw StreamsException("the certificate of the MQTT broker at " + address_.text() +
                             " is not to be trusted: " + X509_verify_cert_error_string(verified) +
                             ". Use the host name that is in the certificate, and give the authority that signed it "
                             "with --ca-file");
    }
    throw RetriableException("TLS with the MQTT broker at " + address_.text() + " failed: " + tls_error() +
                             "; is it a port with TLS?");
  }
}

std::size_t MqttSocket::tls_result(int result) {
  tls_->wants_output = false;
  if (result > 0) return static_cast<std::size_t>(result);
  switch (SSL_get_error(tls_->ssl, result)) {
    case SSL_ERROR_WANT_READ: return 0;
    case SSL_ERROR_WANT_WRITE: tls_->wants_output = true; return 0;
    default:
      throw RetriableException("lost the connection to the MQTT broker at " + address_.text() + ": " + tls_error());
  }
}

std::size_t MqttSocket::read(char* bytes, std::size_t size) {
  constexpr std::size_t kMost = 1 << 20;
  size = std::min(size, kMost);
  if (tls_) {
    ERR_clear_error();
    return tls_result(SSL_read(tls_->ssl, bytes, static_cast<int>(size)));
  }
  const auto result = ::recv(fd_, bytes, size, 0);
  if (result > 0) return static_cast<std::size_t>(result);
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  throw RetriableException("lost the connection to the MQTT broker at " + address_.text() + ": " +
                           (result == 0 ? "the broker closed it" : error_text(errno)));
}

std::size_t MqttSocket::write(const char* bytes, std::size_t size) {
  constexpr std::size_t kMost = 1 << 20;
  size = std::min(size, kMost);
  if (size == 0) return 0;
  if (tls_) {
    ERR_clear_error();
    return tls_result(SSL_write(tls_->ssl, bytes, static_cast<int>(size)));
  }
  const auto result = ::send(fd_, bytes, size, MSG_NOSIGNAL);
  if (result >= 0) return static_cast<std::size_t>(result);
  if (errno == EAGAIN || errno == EINTR) return 0;
  throw RetriableException("lost the connection to the MQTT broker at " + address_.text() + ": " + error_text(errno));
}

void MqttSocket::wait(bool output, Millis timeout) {
  if (tls_ && SSL_pending(tls_->ssl) > 0) return;
  const bool both = output || (tls_ && tls_->wants_output);
  (void)ready(static_cast<short>(both ? POLLIN | POLLOUT : POLLIN), timeout);
}

}  // namespace millrace::connect::detail
