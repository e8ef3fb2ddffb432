// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "http_rules.hpp"

#include <boost/test/unit_test.hpp>

using namespace millrace::page::detail;

BOOST_AUTO_TEST_SUITE(page_http_rules)

BOOST_AUTO_TEST_CASE(a_server_on_this_machine_answers_to_its_own_names_only) {
  for (const auto* host :
       {"localhost", "localhost:8080", "LOCALHOST", "127.0.0.1", "127.0.0.1:1", "127.9.9.9", "[::1]", "[::1]:8080"}) {
    BOOST_TEST(host_allowed(host, "127.0.0.1"), host);
  }
  for (const auto* host : {"", "evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", "[::1", "127.0.0.1:x",
                           "127.0.0.1:99999", "localhost:", "[::1]x", "127.0.0.1.evil.example"}) {
    BOOST_TEST(!host_allowed(host, "127.0.0.1"), host);
  }
}

BOOST_AUTO_TEST_CASE(a_server_with_an_address_answers_to_it) {
  BOOST_TEST(host_allowed("10.0.0.1:80", "10.0.0.1"));
  BOOST_TEST(!host_allowed("10.0.0.2:80", "10.0.0.1"));
  BOOST_TEST(host_allowed("10.0.0.2:80", "0.0.0.0"));
  BOOST_TEST(!host_allowed("evil.example", "0.0.0.0"));
  BOOST_TEST(host_allowed("[2001:db8:0::1]", "2001:db8::1"));
}

BOOST_AUTO_TEST_CASE(queries_are_read_and_wrong_ones_refused) {
  const auto query = parse_query("from=-5&to=99999999999999999&width=7&series=a%20b%26+c");
  BOOST_REQUIRE(query);
  BOOST_TEST(*query->from == -5);
  BOOST_TEST(*query->to == kLatestTime);
  BOOST_TEST(query->width == 50);
  BOOST_TEST(query->series == "a b& c");
  BOOST_TEST(parse_query("").has_value());
  for (const auto* wrong :
       {"from", "from=", "from=1x", "width=99999999999999999999", "x=1", "series=%4", "series=%zz"}) {
    BOOST_TEST(!parse_query(wrong), wrong);
  }
}

BOOST_AUTO_TEST_CASE(panels_have_numbers) {
  BOOST_TEST(*panel_number("/api/panel/12") == 12U);
  for (const auto* wrong : {"/api/panel/", "/api/panel/-1", "/api/panel/1/", "/api/panel/1x", "/api/page", ""}) {
    BOOST_TEST(!panel_number(wrong), wrong);
  }
}

BOOST_AUTO_TEST_CASE(events_are_known_by_epoch_and_number) {
  BOOST_TEST(*event_number("abc.17", "abc") == 17U);
  for (const auto* wrong : {"", "abd.17", "abc17", "abc.", "abc.x", "abc.-1"})
    BOOST_TEST(!event_number(wrong, "abc"), wrong);
  BOOST_TEST(sse_frame("hello", "abc.1", "{}") == "event: hello\nid: abc.1\ndata: {}\n\n");
  BOOST_TEST(sse_frame("", "", "{}") == "data: {}\n\n");
}

BOOST_AUTO_TEST_SUITE_END()
