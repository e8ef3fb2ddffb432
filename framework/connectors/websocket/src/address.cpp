// SPDX-License-Identifier: Apache-2.0
#include "address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "common/visible.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::connect::detail {
namespace {

[[nodiscard]] bool is_this_machine(std::string_view host) {
  // An address such as 127.evil.example is a name, so only digits and dots may follow.
  const bool loopback = host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "::1" || loopback;
}

[[nodiscard]] std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace

std::string WebSocketAddress::host_header() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  const auto name = ipv6 ? "[" + host + "]" : host;
  return port == (tls ? "443" : "80") ? name : name + ":" + port;
}

WebSocketAddress parse_websocket_address(const WebSocketOptions& options) {
  WebSocketAddress address;
  address.shown = millrace::detail::visible(without_secrets(options.url), 200);
  const auto fail = [&](const std::string& why) {
    throw ConfigException("the address '" + address.shown + "' cannot be used: " + why);
  };
  std::string_view rest = options.url;
  if (rest.starts_with("wss://")) {
    rest.remove_prefix(6);
  } else if (rest.starts_with("ws://")) {
    rest.remove_prefix(5);
    address.tls = false;
  } else {
    fail("it must begin with wss://, or with ws:// on this machine");
  }
  const bool printable = std::ranges::all_of(options.url, [](char c) { return c > ' ' && c < 0x7F; });
  if (!printable) fail("it has a blank, a control character or a character that is not ASCII; encode it as %XX");
  rest = rest.substr(0, rest.find('#'));
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  auto authority = rest.substr(0, end);
  address.target = std::string(rest.substr(end));
  if (!address.target.starts_with('/')) address.target.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) fail("it has a user or password; this source does not send them");

  std::string_view port;
  if (authority.starts_with('[')) {
    const auto bracket = authority.find(']');
    if (bracket == std::string_view::npos) fail("the bracket of its IPv6 address is not closed");
    address.host = std::string(authority.substr(1, bracket - 1));
    port = authority.substr(bracket + 1);
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    address.host = std::string(authority.substr(0, colon));
    port = authority.substr(colon);
  }
  if (address.host.empty()) fail("it has no host");
  address.port = address.tls ? "443" : "80";
  if (!port.empty()) {
    std::uint16_t number = 0;
    const auto* const last = port.data() + port.size();
    const auto parsed = std::from_chars(port.data() + 1, last, number);
    if (port.front() != ':' || parsed.ec != std::errc() || parsed.ptr != last || number == 0) {
      fail("its port must be a number from 1 to 65535");
    }
    address.port = std::to_string(number);
  }
  if (!address.tls && !options.allow_plain && !is_this_machine(address.host)) {
    fail("ws:// is not encrypted and is for this machine only; use wss://, or give --allow-plain");
  }
  for (const auto& [name, value] : options.secret_query) {
    address.target += address.target.find('?') == std::string::npos ? '?' : '&';
    address.target += percent_encoded(name) + "=" + percent_encoded(value.reveal());
  }
  return address;
}

}  // namespace millrace::connect::detail
