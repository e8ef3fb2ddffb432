// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "address.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::connect;
using millrace::connect::detail::parse_websocket_address;

BOOST_AUTO_TEST_CASE(the_parts_of_an_address) {
  const WebSocketOptions options{.url = "wss://ws.example.com?x=1", .secret_query = {{"token", Secret("a b&c")}}};
  const auto address = parse_websocket_address(options);
  BOOST_TEST(address.tls);
  BOOST_TEST(address.host == "ws.example.com");
  BOOST_TEST(address.port == "443");
  BOOST_TEST(address.target == "/?x=1&token=a%20b%26c");
  BOOST_TEST(address.host_header() == "ws.example.com");
  BOOST_TEST(address.shown.find("a b") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(ipv6_and_ports) {
  const WebSocketOptions options{.url = "ws://[::1]:8080/feed"};
  const auto address = parse_websocket_address(options);
  BOOST_TEST(!address.tls);
  BOOST_TEST(address.host == "::1");
  BOOST_TEST(address.port == "8080");
  BOOST_TEST(address.target == "/feed");
  BOOST_TEST(address.host_header() == "[::1]:8080");
}

BOOST_AUTO_TEST_CASE(addresses_that_cannot_be_used) {
  for (const auto* url : {"", "http://localhost", "wss://", "wss://:443", "wss://host:0", "wss://host:65536",
                          "wss://host:x", "wss://host:", "wss://user:secret@host", "wss://[::1", "wss://ho st",
                          "wss://host/\r\nX: y", "wss://h\xc3\xb6st"}) {
    BOOST_TEST_CONTEXT(url) {
      BOOST_CHECK_EXCEPTION((void)parse_websocket_address({.url = url}), ConfigException, [](const auto& error) {
        return std::string(error.what()).find("secret") == std::string::npos;
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(without_encryption_only_to_this_machine) {
  for (const auto* url : {"ws://localhost:1", "ws://127.0.0.1:1", "ws://127.1.2.3", "ws://[::1]"}) {
    BOOST_CHECK_NO_THROW((void)parse_websocket_address({.url = url}));
  }
  for (const auto* url :
       {"ws://example.com", "ws://127.0.0.1.example.com", "ws://localhost.example.com", "ws://10.0.0.1"}) {
    BOOST_CHECK_THROW((void)parse_websocket_address({.url = url}), ConfigException);
    BOOST_CHECK_NO_THROW((void)parse_websocket_address({.url = url, .allow_plain = true}));
  }
}
