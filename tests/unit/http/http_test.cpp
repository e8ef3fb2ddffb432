// SPDX-License-Identifier: Apache-2.0
#include "millrace/http/http_client.hpp"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

#include "retry_after.hpp"

using namespace millrace::connect;
using millrace::Millis;
using millrace::connect::detail::parse_retry_after;

BOOST_AUTO_TEST_SUITE(http)

BOOST_AUTO_TEST_CASE(retry_after_has_seconds_or_a_date) {
  constexpr millrace::Timestamp kNow = 1'445'412'480'000;  // Wed, 21 Oct 2015 07:28:00 GMT
  BOOST_TEST((parse_retry_after("120", kNow) == Millis(120'000)));
  BOOST_TEST((parse_retry_after(" 0 ", kNow) == Millis(0)));
  BOOST_TEST((parse_retry_after("Wed, 21 Oct 2015 07:28:30 GMT", kNow) == Millis(30'000)));
  BOOST_TEST((parse_retry_after("Wed, 21 Oct 2015 07:27:00 GMT", kNow) == Millis(0)));
  BOOST_TEST((parse_retry_after("", kNow) == std::nullopt));
  BOOST_TEST((parse_retry_after("-5 minutes or so", kNow) == std::nullopt));
  // Longer than anybody waits, but no overflow.
  BOOST_TEST((parse_retry_after("99999999999999999999", kNow) == Millis(365LL * 24 * 3600 * 1000)));
}

BOOST_AUTO_TEST_CASE(addresses_of_the_same_server) {
  BOOST_TEST(same_server("https://api.polygon.io/v2/x?y=1", "https://api.polygon.io"));
  BOOST_TEST(same_server("https://API.polygon.io:443/", "https://api.polygon.io"));
  BOOST_TEST(!same_server("http://api.polygon.io/", "https://api.polygon.io"));
  BOOST_TEST(!same_server("https://api.polygon.io.example/", "https://api.polygon.io"));
  BOOST_TEST(!same_server("https://api.polygon.io@other.example/", "https://api.polygon.io"));
  BOOST_TEST(!same_server("https://api.polygon.io:8443/", "https://api.polygon.io"));
  BOOST_TEST(!same_server("/v2/x", "https://api.polygon.io"));
}

BOOST_AUTO_TEST_CASE(parts_of_addresses_are_encoded) {
  BOOST_TEST(url_encoded("BRK.A") == "BRK.A");
  BOOST_TEST(url_encoded("X:BTC/USD ?") == "X%3ABTC%2FUSD%20%3F");
  BOOST_TEST(url_encoded("\xc3\xa9") == "%C3%A9");
}

BOOST_AUTO_TEST_CASE(plain_http_to_another_machine_is_refused) {
  HttpClient client;
  BOOST_CHECK_THROW((void)client.exchange({.url = "http://example.org/"}), millrace::ConfigException);
  BOOST_CHECK_THROW((void)client.exchange({.url = "ftp://localhost/"}), millrace::ConfigException);
  BOOST_CHECK_THROW((void)client.exchange({.url = "nonsense"}), millrace::ConfigException);
}

BOOST_AUTO_TEST_CASE(headers_cannot_have_line_breaks) {
  HttpClient client;
  BOOST_CHECK_THROW((void)client.exchange({.url = "http://127.0.0.1:9/", .headers = {{"A", "b\r\nC: d"}}}),
                    millrace::ConfigException);
  BOOST_CHECK_THROW((void)client.exchange({.url = "http://127.0.0.1:9/", .bearer = Secret("a\nb")}),
                    millrace::ConfigException);
}

BOOST_AUTO_TEST_SUITE_END()
