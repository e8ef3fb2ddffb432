// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/common/time.hpp"
#include "millrace/connect/secret.hpp"

namespace millrace::connect {

/// Settings of an HttpClient.
struct HttpSettings {
  std::filesystem::path tls_ca = {};  ///< PEM file of the trusted authorities; empty: those of the system
  bool allow_plain = false;           ///< `http://` also to other machines
  Millis connect_timeout{10'000};     ///< for the connection with its TLS handshake
  Millis timeout{60'000};             ///< for a whole exchange
  std::size_t max_body = 64U << 20U;  ///< bytes of a response's body
  std::int64_t max_redirects = 5;     ///< 0: a redirect is a response like others
  int attempts = 6;                   ///< fetch(): how often a request is sent that fails for a passing reason
  Millis backoff{500};                ///< fetch(): the first pause; it doubles with each failure, with jitter
  Millis max_backoff{30'000};         ///< fetch(): the longest of these pauses
  Millis max_retry_after{3'600'000};  ///< fetch(): a longer `Retry-After` of the server is an error
};

struct HttpRequest {
  std::string url;
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::optional<std::string> body = {};
  /// Sent as `Authorization: Bearer`, to the host of `url` only, not after a redirect to another one.
  std::optional<Secret> bearer = {};
  /// Not empty: the request is signed for AWS, e.g. `aws:amz:eu-central-1:kinesis` (libcurl's CURLOPT_AWS_SIGV4).
  std::string aws_sigv4 = {};
  std::string aws_access_key = {};
  std::optional<Secret> aws_secret_key = {};
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case; of the last response
  std::string body;

  /// The first header of this name, in lower case.
  [[nodiscard]] const std::string* header(std::string_view name) const;
};

/// The server understood the request and refuses it: a status of 400 or more that does not pass by itself.
class HttpRefused : public StreamsException {
 public:
  HttpRefused(int status, const std::string& what) : StreamsException(what), status_(status) {}
  [[nodiscard]] int status() const { return status_; }

 private:
  int status_;
};

/// Sends HTTP requests, one after another, over connections that stay open. Certificates are checked. Messages have
/// addresses without user, password and the values of parameters.
///
/// Threads  one at a time
/// Errors   ConfigException: the address cannot be used, or is `http://` on another machine.
///          RetriableException: no connection, no complete response in time, or `stop` was requested.
///          StreamsException: a wrong certificate, or a body that is too large.
class HttpClient {
 public:
  explicit HttpClient(HttpSettings settings = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Throws ConfigException if exchange() would do so because of this address. Does not connect.
  void check_address(const std::string& url) const;

  /// One exchange. Returns the response, whatever its status is.
  [[nodiscard]] HttpResponse exchange(const HttpRequest& request, const std::stop_token& stop = {});

  /// Returns the response with a status below 400. Tries again after 429, after 5xx, and after what exchange() throws
  /// as RetriableException: as late as the server's `Retry-After` says (seconds or a date), else with growing pauses.
  /// After `attempts` throws RetriableException with the last reason. The waits for a `Retry-After` of 429 do not count
  /// as attempts. Throws HttpRefused for 401 and 403, with the remedy, and for every other status. A request that is no
  /// GET may reach the server twice.
  [[nodiscard]] HttpResponse fetch(const HttpRequest& request, const std::stop_token& stop = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// True if both addresses have the same scheme, host and port.
[[nodiscard]] bool same_server(const std::string& a, const std::string& b);

/// The text with everything but letters, digits and `-._~` as %XX: for a part of a path or of a query.
[[nodiscard]] std::string url_encoded(std::string_view text);

}  // namespace millrace::connect
