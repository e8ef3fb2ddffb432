// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "panel_data.hpp"

// What the server makes of a request. No sockets here, so that it can be tested without them.
namespace millrace::page::detail {

/// Whether a request with this Host header is meant for this server. A page of another site may give its own name the
/// address of this machine (DNS rebinding), but cannot change the name in the header. Accepted: localhost, the loopback
/// addresses, and the address that the server listens on; if it listens on all addresses, every IP address and the
/// name of this machine. The port may be another one, for example that of a tunnel.
[[nodiscard]] bool host_allowed(std::string_view host_header, std::string_view listen_address);

/// A request's target, taken apart.
struct Target {
  std::string_view path;
  std::string_view query;  ///< behind the question mark
};
[[nodiscard]] Target split_target(std::string_view target);

/// The number of the panel in `/api/panel/3`. Unset: this is no such path.
[[nodiscard]] std::optional<std::size_t> panel_number(std::string_view path);

/// Reads `from=MS&to=MS&width=PIXELS&series=NAME`. Unset: a part is malformed or unknown. The width becomes one
/// between 50 and 4000, times become ones between kEarliestTime and kLatestTime.
[[nodiscard]] std::optional<Query> parse_query(std::string_view query);

/// The number of the event in the header `Last-Event-ID: EPOCH.NUMBER`. Unset: it is of another epoch, or malformed.
[[nodiscard]] std::optional<std::uint64_t> event_number(std::string_view last_event_id, std::string_view epoch);

/// An event as it goes over the wire. `name` empty: a message. `data` must have no line breaks.
[[nodiscard]] std::string sse_frame(std::string_view name, std::string_view id, std::string_view data);

/// Headers of every answer, each ended by CR LF.
[[nodiscard]] const std::string& security_headers();

}  // namespace millrace::page::detail
