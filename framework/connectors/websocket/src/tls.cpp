// SPDX-License-Identifier: Apache-2.0
#include "tls.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>

#include "millrace/common/errors.hpp"

namespace millrace::connect::detail {

namespace ssl = boost::asio::ssl;

ssl::context make_tls_context(const std::filesystem::path& ca_file) {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(ssl::verify_peer);
  boost::system::error_code error;
  if (ca_file.empty()) {
    context.set_default_verify_paths(error);
    if (error) throw ConfigException("cannot read the certificates of this system: " + error.message());
  } else {
    context.load_verify_file(ca_file.string(), error);
    if (error) {
      throw ConfigException("cannot read certificates from '" + ca_file.string() + "': " + error.message() +
                            "; it must be a readable file in PEM format");
    }
  }
  return context;
}

void demand_host(SSL* connection, const std::string& host) {
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  auto* const rules = SSL_get0_param(connection);
  bool accepted = false;
  if (not_an_address) {
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    accepted = X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1 &&
               SSL_set_tlsext_host_name(connection, host.c_str()) == 1;
  } else {
    // Addresses have no place in SNI.
    accepted = X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
  }
  if (!accepted) throw ConfigException("the host '" + host + "' is not a name that a certificate can have");
}

std::string certificate_problem(SSL* connection, const std::string& host) {
  const long result = SSL_get_verify_result(connection);
  const std::string prefix = "the certificate of " + host + " is not accepted: ";
  switch (result) {
    case X509_V_OK: return {};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return prefix + "it is for another host; check the host in --url";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return prefix + "it has expired; the far side must renew it, or the clock of this machine is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID: return prefix + "it is not valid yet; the clock of this machine may be wrong";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return prefix + "its authority is unknown here; if you trust it, give its certificate with --ca-file";
    default: return prefix + X509_verify_cert_error_string(result);
  }
}

}  // namespace millrace::connect::detail
