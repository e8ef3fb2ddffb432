// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/database/database_url.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <stdexcept>

namespace buy_signals {
namespace {

// Messages never repeat the URL, because it may contain a password.
[[noreturn]] void fail(std::string_view problem) {
  throw std::invalid_argument(
      fmt::format("the database address {}; expected mysql://user:password@host:port/database", problem));
}

/// Replaces %XX by the byte.
std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned char byte = 0;
    const auto hex = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), byte, 16);
    if (hex.size() != 2 || error != std::errc{} || end != hex.data() + 2)
      fail("has a % that two hex digits do not follow");
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

/// Returns the part of `text` before the delimiter and leaves the part after it in `text`. Without a delimiter, returns
/// everything and leaves nothing.
std::string_view cut(std::string_view& text, char delimiter) {
  const auto at = text.find(delimiter);
  const auto before = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return before;
}

}  // namespace

DatabaseUrl DatabaseUrl::parse(std::string_view text) {
  DatabaseUrl url;
  if (text.starts_with("mysql://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("mariadb://")) {
    text.remove_prefix(10);
  } else {
    fail("does not start with mysql://");
  }

  const auto path_at = text.find('/');
  if (path_at == std::string_view::npos) fail("names no database");
  url.database = percent_decoded(text.substr(path_at + 1));
  if (url.database.empty()) fail("names no database");
  auto authority = text.substr(0, path_at);

  // The last one, because a password may contain an unescaped @.
  const auto user_end = authority.rfind('@');
  if (user_end == std::string_view::npos) fail("names no user");
  auto credentials = authority.substr(0, user_end);
  auto host = authority.substr(user_end + 1);
  const bool has_password = credentials.find(':') != std::string_view::npos;
  url.user = percent_decoded(cut(credentials, ':'));
  if (url.user.empty()) fail("names no user");
  url.password = percent_decoded(credentials);
  const char* password = std::getenv("MYSQL_PWD");
  // An empty password in the URL ("user:@host") is a password.
  if (!has_password && password != nullptr) url.password = password;

  if (host.starts_with('[')) {  // an IPv6 address
    host.remove_prefix(1);
    url.host = std::string{cut(host, ']')};
    if (host.starts_with(':')) host.remove_prefix(1);
  } else {
    url.host = percent_decoded(cut(host, ':'));
  }
  if (url.host.empty()) fail("names no host");
  if (!host.empty()) {
    const auto [end, error] = std::from_chars(host.data(), host.data() + host.size(), url.port);
    if (error != std::errc{} || end != host.data() + host.size() || url.port == 0) fail("has no valid port");
  }
  return url;
}

std::string DatabaseUrl::str() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return fmt::format("mysql://{}@{}{}{}:{}/{}", user, ipv6 ? "[" : "", host, ipv6 ? "]" : "", port, database);
}

}  // namespace buy_signals
