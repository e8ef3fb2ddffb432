// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"
#include "tweets/mqtt_source/command_line.hpp"
#include "tweets/mqtt_source/tweet_key.hpp"
#include "tweets/tweets_replay/tweet_time.hpp"

using namespace tweets;

BOOST_AUTO_TEST_SUITE(mqtt_source)

BOOST_AUTO_TEST_CASE(broker_with_an_mqtt_address_is_mqtt) {
  const char* const given[] = {"mqtt_source",          "--broker", "mqtt://a", "--broker",
                               "embedded:d",           "--to",     "t",        "--broker=mqtts://b",
                               "--broker=localhost:1", "--broker"};
  const std::vector<std::string> expected = {"mqtt_source",          "--mqtt",  "mqtt://a", "--broker",
                                             "embedded:d",           "--to",    "t",        "--mqtt=mqtts://b",
                                             "--broker=localhost:1", "--broker"};
  const auto found = with_mqtt_option(static_cast<int>(std::size(given)), given);
  BOOST_TEST(found == expected, boost::test_tools::per_element());
  // As the value of another option it is no option.
  const char* const value[] = {"mqtt_source"};
  BOOST_TEST(with_mqtt_option(1, value).size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_key_is_the_id_of_a_tweet) {
  BOOST_TEST(tweet_key(R"({"id_str":"7","id":8})").value() == "7");
  BOOST_TEST(tweet_key(R"( {"x":{"id_str":"1"},"id":18446744073709551615})").value() == "18446744073709551615");
  for (const std::string other : {"", " ", "7", "null", "{", "{}", "[{\"id\":1}]", "{\"id\":", "{\"id_str\":\"\"}",
                                  "\xff", "{\"id\":null}", "{\"text\":\"{\\\"id\\\":1}\"}"}) {
    BOOST_TEST(!tweet_key(other).has_value());
  }
  BOOST_TEST(!tweet_key("{\"id_str\":\"" + std::string("\xc3\x28") + "\"}").has_value());
  BOOST_TEST(!tweet_key("{\"id\":" + std::string(100'000, '[')).has_value());
}

BOOST_AUTO_TEST_CASE(a_tweet_has_a_time) {
  BOOST_TEST(tweet_time(R"({"id_str":"7","created_at":"Wed Oct 10 20:19:24 +0000 2018"})") == 1'539'202'764'000);
  BOOST_TEST(tweet_time(R"({"id":7,"created_at":"Wed Oct 10 20:19:24 -0100 2018"})") == 1'539'206'364'000);
  for (const std::string bad :
       {"", "{}", "5", "[]", R"({"id_str":"7"})", R"({"created_at":"Wed Oct 10 20:19:24 +0000 2018"})",
        R"({"id_str":"7","created_at":"2018-10-10"})", R"({"id_str":"7","created_at":1539202764})",
        R"({"id_str":"7","created_at":"Wed Feb 32 20:19:24 +0000 2018"})"}) {
    BOOST_CHECK_THROW((void)tweet_time(bad), millrace::StreamsException);
  }
}

BOOST_AUTO_TEST_SUITE_END()
