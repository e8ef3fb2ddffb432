// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <string>

namespace millrace::connect::detail {

/// A client's settings: TLS 1.2 or later, certificates are checked. `ca_file`: see WebSocketOptions. Throws
/// ConfigException if the file cannot be used.
[[nodiscard]] boost::asio::ssl::context make_tls_context(const std::filesystem::path& ca_file);

/// Names the host in the first message (SNI), and demands that the certificate is for it. Throws ConfigException for a
/// host that no certificate can have.
void demand_host(SSL* connection, const std::string& host);

/// Why the certificate of the far side was not accepted, and what to do. Empty: it was accepted.
[[nodiscard]] std::string certificate_problem(SSL* connection, const std::string& host);

}  // namespace millrace::connect::detail
