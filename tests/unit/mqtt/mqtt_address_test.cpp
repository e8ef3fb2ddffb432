// SPDX-License-Identifier: Apache-2.0
#include "mqtt_address.hpp"

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"

using namespace millrace;
using namespace millrace::connect;
using namespace millrace::connect::detail;

BOOST_AUTO_TEST_SUITE(mqtt_address)

BOOST_AUTO_TEST_CASE(takes_addresses_apart) {
  const auto text = [](std::string url) {
    return checked_address({.url = std::move(url), .allow_plain = false}).text();
  };
  BOOST_TEST(text("mqtt://localhost") == "mqtt://localhost:1883");
  BOOST_TEST(text("mqtts://broker.example") == "mqtts://broker.example:8883");
  BOOST_TEST(text("mqtts://broker.example:1/") == "mqtts://broker.example:1");
  BOOST_TEST(text("mqtt://[::1]:65535") == "mqtt://[::1]:65535");
  BOOST_TEST(text("mqtt://127.9.9.9") == "mqtt://127.9.9.9:1883");
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_address) {
  for (const std::string url : {"",
                                "localhost",
                                "http://localhost",
                                "mqtt://",
                                "mqtt://:1",
                                "mqtt://localhost:",
                                "mqtt://localhost:0",
                                "mqtt://localhost:65536",
                                "mqtt://localhost:-1",
                                "mqtt://localhost:1x",
                                "mqtt://[::1",
                                "mqtt://[::1]1",
                                "mqtt://localhost/path",
                                "mqtt://u:p@localhost",
                                "mqtt://a b",
                                "mqtts://\xff",
                                "mqtt://10.0.0.1",
                                "mqtt://127.0.0.1.evil.example",
                                "mqtt://localhost.evil.example",
                                "mqtts://a\nb"}) {
    BOOST_CHECK_THROW((void)checked_address({.url = url}), ConfigException);
  }
  BOOST_CHECK_NO_THROW((void)checked_address({.url = "mqtt://10.0.0.1", .allow_plain = true}));
}

BOOST_AUTO_TEST_CASE(never_shows_a_password_of_the_address) {
  try {
    (void)checked_address({.url = "mqtt://me:hidden@localhost"});
    BOOST_FAIL("accepted");
  } catch (const ConfigException& error) {
    BOOST_TEST(std::string(error.what()).find("hidden") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(checks_topics) {
  for (const std::string good : {"a", "#", "+", "/", "a/+/b", "a/#", "+/+", "$SYS/#", "a b/\xc3\xa4"}) {
    BOOST_CHECK_NO_THROW(check_topic_filter(good));
  }
  for (const std::string bad : {"", "a#", "a/b#", "#/a", "a/#/b", "a+", "+a", "##", "\xff", "a\nb"}) {
    BOOST_CHECK_THROW(check_topic_filter(bad), ConfigException);
  }
  BOOST_CHECK_THROW(check_topic_filter(std::string("a\0b", 3)), ConfigException);
  BOOST_CHECK_THROW(check_topic_filter(std::string(65'536, 'a')), ConfigException);
  BOOST_CHECK_THROW(check_topic_name("a/+"), ConfigException);
  BOOST_CHECK_NO_THROW(check_topic_name("a/b"));
}

BOOST_AUTO_TEST_SUITE_END()
