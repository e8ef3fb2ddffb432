// SPDX-License-Identifier: Apache-2.0
#include "http_rules.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace millrace::page::detail {
namespace {

template <class T>
std::optional<T> whole_number(std::string_view text) {
  T number{};
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && rest == end && !text.empty() ? std::optional(number) : std::nullopt;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, {}, [](unsigned char c) { return std::tolower(c); }, [](unsigned char c) { return std::tolower(c); });
}

/// Decodes %41 and +. Unset: malformed.
std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      result += ' ';
    } else if (text[i] != '%') {
      result += text[i];
    } else {
      unsigned byte = 0;
      if (i + 2 >= text.size()) return std::nullopt;
      const auto* begin = text.data() + i + 1;
      const auto [rest, error] = std::from_chars(begin, begin + 2, byte, 16);
      if (error != std::errc{} || rest != begin + 2) return std::nullopt;
      result += static_cast<char>(byte);
      i += 2;
    }
  }
  return result;
}

/// The host of a Host header, without port and brackets. Empty: malformed.
std::string_view host_of(std::string_view header) {
  if (header.starts_with('[')) {
    const auto end = header.find(']');
    if (end == std::string_view::npos) return {};
    const auto rest = header.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || !whole_number<std::uint16_t>(rest.substr(1)))) return {};
    return header.substr(1, end - 1);
  }
  const auto colon = header.find(':');
  if (colon == std::string_view::npos) return header;
  if (!whole_number<std::uint16_t>(header.substr(colon + 1))) return {};
  return header.substr(0, colon);
}

std::optional<in_addr> ipv4(const std::string& text) {
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ? std::optional(address) : std::nullopt;
}

std::optional<in6_addr> ipv6(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET6, text.c_str(), &address) == 1 ? std::optional(address) : std::nullopt;
}

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

}  // namespace

bool host_allowed(std::string_view host_header, std::string_view listen_address) {
  const std::string host(host_of(host_header));
  if (host.empty()) return false;
  if (equal_ignoring_case(host, "localhost") || equal_ignoring_case(host, listen_address)) return true;
  const bool everywhere = listen_address == "0.0.0.0" || listen_address == "::";
  if (const auto address = ipv4(host)) return everywhere || (ntohl(address->s_addr) >> 24) == 127;
  if (const auto address = ipv6(host)) {
    if (everywhere || IN6_IS_ADDR_LOOPBACK(&*address)) return true;
    const auto own = ipv6(std::string(listen_address));
    return own && IN6_ARE_ADDR_EQUAL(&*address, &*own);
  }
  return everywhere && equal_ignoring_case(host, machine_name());
}

Target split_target(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

std::optional<std::size_t> panel_number(std::string_view path) {
  constexpr std::string_view kPrefix = "/api/panel/";
  if (!path.starts_with(kPrefix)) return std::nullopt;
  return whole_number<std::size_t>(path.substr(kPrefix.size()));
}

std::optional<Query> parse_query(std::string_view query) {
  Query result;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto part = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto name = part.substr(0, equals);
    const auto value = decoded(part.substr(equals + 1));
    if (!value) return std::nullopt;
    if (name == "series") {
      result.series = *value;
      continue;
    }
    const auto number = whole_number<std::int64_t>(*value);
    if (!number) return std::nullopt;
    if (name == "from") {
      result.from = std::clamp(*number, kEarliestTime, kLatestTime);
    } else if (name == "to") {
      result.to = std::clamp(*number, kEarliestTime, kLatestTime);
    } else if (name == "width") {
      result.width = static_cast<int>(std::clamp<std::int64_t>(*number, 50, 4000));
    } else {
      return std::nullopt;
    }
  }
  return result;
}

std::optional<std::uint64_t> event_number(std::string_view last_event_id, std::string_view epoch) {
  if (!last_event_id.starts_with(epoch)) return std::nullopt;
  last_event_id.remove_prefix(epoch.size());
  if (!last_event_id.starts_with('.')) return std::nullopt;
  return whole_number<std::uint64_t>(last_event_id.substr(1));
}

std::string sse_frame(std::string_view name, std::string_view id, std::string_view data) {
  std::string frame;
  frame.reserve(data.size() + 64);
  if (!name.empty()) fmt::format_to(std::back_inserter(frame), "event: {}\n", name);
  if (!id.empty()) fmt::format_to(std::back_inserter(frame), "id: {}\n", id);
  frame += "data: ";
  frame += data;
  frame += "\n\n";
  return frame;
}

const std::string& security_headers() {
  static const std::string kHeaders =
      "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
      "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
      "X-Content-Type-Options: nosniff\r\n"
      "X-Frame-Options: DENY\r\n"
      "Referrer-Policy: no-referrer\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\n"
      "Cross-Origin-Opener-Policy: same-origin\r\n";
  return kHeaders;
}

}  // namespace millrace::page::detail
