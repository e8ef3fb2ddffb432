// SPDX-License-Identifier: Apache-2.0
#include "millrace/http/http_client.hpp"

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <mutex>
#include <random>

#include "common/log_seldom.hpp"
#include "common/visible.hpp"
#include "curl_handle.hpp"
#include "millrace/common/logging.hpp"
#include "retry_after.hpp"

namespace millrace::connect {
namespace {

constexpr int kTooManyRequests = 429;
constexpr int kServerError = 500;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kFirstError = 400;
constexpr int kMaxHeaders = 1000;
constexpr std::size_t kShownBody = 300;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// Waits for `duration`. Returns false if `stop` was requested.
bool wait(Millis duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  ended.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

/// What the callbacks of a transfer fill.
struct Transfer {
  HttpResponse response;
  std::size_t max_body = 0;
  bool too_large = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* to) {
  auto& transfer = *static_cast<Transfer*>(to);
  const auto bytes = size * count;
  if (transfer.response.body.size() + bytes > transfer.max_body) {
    transfer.too_large = true;
    return 0;
  }
  transfer.response.body.append(data, bytes);
  return bytes;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* to) {
  auto& headers = static_cast<Transfer*>(to)->response.headers;
  const std::string_view line(data, size * count);
  // A redirect, or "100 Continue", was before.
  if (line.starts_with("HTTP/")) headers.clear();
  const auto colon = line.find(':');
  if (colon != std::string_view::npos && headers.size() < kMaxHeaders) {
    headers.emplace_back(lower(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1)));
  }
  return size * count;
}

/// A line break in a header would begin another header.
void check_header(std::string_view text) {
  if (text.find_first_of("\r\n") != std::string_view::npos || text.find('\0') != std::string_view::npos) {
    throw ConfigException("a header of an HTTP request must not have line breaks or null characters");
  }
}

}  // namespace

const std::string* HttpResponse::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, [](const auto& entry) { return entry.first; });
  return found == headers.end() ? nullptr : &found->second;
}

class HttpClient::Impl {
 public:
  explicit Impl(HttpSettings settings) : settings_(std::move(settings)), curl_(detail::make_curl()) {
    detail::check_authorities(settings_.tls_ca);
  }

  void check_address(const std::string& url) const { (void)check_url(url); }

  HttpResponse exchange(const HttpRequest& request, const std::stop_token& stop) {
    const bool plain = check_url(request.url);
    auto* const curl = curl_.get();
    curl_easy_reset(curl);
    char message[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, plain ? "http,https" : "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, settings_.max_redirects > 0 ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, static_cast<long>(settings_.max_redirects));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can unpack
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "millrace");
    detail::set_authorities(curl, settings_.tls_ca);
    detail::CurlList headers;
    set_request(request, headers);

    Transfer transfer;
    transfer.max_body = settings_.max_body;
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
    detail::abort_on_stop(curl, stop);
    const auto code = curl_easy_perform(curl);
    if (code != CURLE_OK) fail(request, transfer, code, message);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    transfer.response.status = static_cast<int>(status);
    return std::move(transfer.response);
  }

  HttpResponse fetch(const HttpRequest& request, const std::stop_token& stop) {
    for (int failures = 0;;) {
      std::string why;
      std::optional<Millis> asked;
      bool counts = true;
      try {
        auto response = exchange(request, stop);
        if (response.status < kFirstError) return response;
        if (response.status != kTooManyRequests && response.status < kServerError) refuse(request, response);
        why = "the server answers with status " + std::to_string(response.status) + excerpt(response);
        if (const auto* header = response.header("retry-after")) {
          asked = detail::parse_retry_after(*header, Clock::system().now());
        }
        counts = !asked || response.status != kTooManyRequests;
      } catch (const RetriableException& error) {
        if (stop.stop_requested()) throw;
        why = error.what();
      }
      if (counts && ++failures >= settings_.attempts) throw RetriableException(shown(request) + ": " + why);
      if (asked && *asked > settings_.max_retry_after) {
        throw RetriableException(shown(request) + ": " + why + "; the server wants no request for " +
                                 std::to_string(asked->count() / 1000) + " s");
      }
      const auto pause = asked ? *asked : backoff(failures);
      millrace::detail::log_seldom(
          LogLevel::warn, "http " + shown(request) + why.substr(0, 60),
          shown(request) + ": " + why + "; trying again in " + std::to_string(pause.count()) + " ms");
      if (!wait(pause, stop)) throw RetriableException(shown(request) + ": the program ends");
    }
  }

 private:
  static std::string shown(const HttpRequest& request) { return without_secrets(request.url); }

  static std::string excerpt(const HttpResponse& response) {
    if (response.body.empty()) return {};
    return ": " + millrace::detail::visible(response.body, kShownBody);
  }

  /// Returns true if the address is without TLS.
  [[nodiscard]] bool check_url(const std::string& url) const {
    const auto parsed = detail::parse_url(url);
    const auto scheme = parsed ? detail::url_part(parsed, CURLUPART_SCHEME) : std::string();
    if (scheme != "http" && scheme != "https") {
      throw ConfigException("'" + without_secrets(url) + "' is not an address of the form https://host/path");
    }
    const auto host = detail::url_part(parsed, CURLUPART_HOST);
    if (scheme == "http" && !settings_.allow_plain && !detail::is_this_machine(host)) {
      throw ConfigException("the server '" + host +
                            "' is on another machine: use https://, or permit a connection that others can read with "
                            "--allow-plain");
    }
    return scheme == "http";
  }

  void set_request(const HttpRequest& request, detail::CurlList& headers) {
    auto* const curl = curl_.get();
    if (request.body) {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body->size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body->data());
    }
    if (request.method == "HEAD") {
      curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (request.method != (request.body ? "POST" : "GET")) {
      curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    for (const auto& [name, value] : request.headers) {
      check_header(name);
      check_header(value);
      // libcurl removes a header without a value, unless it ends with a semicolon.
      headers.add(value.empty() ? name + ";" : name + ": " + value);
    }
    if (request.bearer) {
      check_header(request.bearer->reveal());
      curl_easy_setopt(curl, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
      curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, request.bearer->reveal().c_str());
    }
    if (!request.aws_sigv4.empty()) {
      curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, request.aws_sigv4.c_str());
      curl_easy_setopt(curl, CURLOPT_USERNAME, request.aws_access_key.c_str());
      curl_easy_setopt(curl, CURLOPT_PASSWORD, request.aws_secret_key ? request.aws_secret_key->reveal().c_str() : "");
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  }

  [[noreturn]] void fail(const HttpRequest& request, const Transfer& transfer, CURLcode code,
                         const char* message) const {
    const auto text =
        shown(request) + ": " + millrace::detail::visible(*message != '\0' ? message : curl_easy_strerror(code));
    if (transfer.too_large) {
      throw StreamsException(shown(request) + ": the response has more than " + std::to_string(settings_.max_body) +
                             " bytes: ask for less at once");
    }
    if (code == CURLE_TOO_MANY_REDIRECTS) throw StreamsException(text);
    if (code == CURLE_UNSUPPORTED_PROTOCOL) {
      throw StreamsException(shown(request) + ": the server redirects to an address that is not https://");
    }
    if (detail::is_certificate_error(code)) {
      throw StreamsException(text +
                             ": the server must have a certificate for its name from an authority that this "
                             "machine trusts");
    }
    throw RetriableException(text);
  }

  [[noreturn]] static void refuse(const HttpRequest& request, const HttpResponse& response) {
    auto text = shown(request) + ": the server answers with status " + std::to_string(response.status);
    if (response.status == kUnauthorized || response.status == kForbidden) {
      text += ": the key or password is wrong, or has not the right to do this";
    }
    throw HttpRefused(response.status, text + excerpt(response));
  }

  Millis backoff(int failures) {
    const auto doubled = settings_.backoff.count() << std::min(std::max(failures - 1, 0), 20);
    const auto longest = std::max<std::int64_t>(std::min<std::int64_t>(doubled, settings_.max_backoff.count()), 1);
    // Half of it is left to chance, so that many clients do not come back together.
    return Millis(
        std::uniform_int_distribution<std::int64_t>(std::max<std::int64_t>(longest / 2, 1), longest)(random_));
  }

  const HttpSettings settings_;
  detail::CurlHandle curl_;
  std::minstd_rand random_{std::random_device{}()};
};

HttpClient::HttpClient(HttpSettings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
HttpClient::~HttpClient() = default;
void HttpClient::check_address(const std::string& url) const { impl_->check_address(url); }
HttpResponse HttpClient::exchange(const HttpRequest& request, const std::stop_token& stop) {
  return impl_->exchange(request, stop);
}
HttpResponse HttpClient::fetch(const HttpRequest& request, const std::stop_token& stop) {
  return impl_->fetch(request, stop);
}

bool same_server(const std::string& a, const std::string& b) {
  const auto first = detail::parse_url(a);
  const auto second = detail::parse_url(b);
  if (!first || !second) return false;
  for (const auto part : {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT}) {
    const auto text = detail::url_part(first, part, CURLU_DEFAULT_PORT);
    if (text.empty() || lower(text) != lower(detail::url_part(second, part, CURLU_DEFAULT_PORT))) return false;
  }
  return true;
}

std::string url_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char c : text) {
    if (c < 0x80 &&
        (std::isalnum(c) != 0 || std::string_view("-._~").find(static_cast<char>(c)) != std::string_view::npos)) {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += kHex[c >> 4U];
      out += kHex[c & 0xFU];
    }
  }
  return out;
}

}  // namespace millrace::connect
