// SPDX-License-Identifier: Apache-2.0
#include "millrace/common/headers.hpp"

#include <optional>
#include <utility>

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

using namespace millrace;

BOOST_AUTO_TEST_SUITE(RecordHeaders)

BOOST_AUTO_TEST_CASE(keep_the_order_in_which_they_were_added) {
  Headers headers{{"a", "1"}};
  headers.add("b", std::nullopt);
  headers.add("a", "2");
  BOOST_CHECK((headers == Headers{{"a", "1"}, {"b", std::nullopt}, {"a", "2"}}));
  BOOST_CHECK((headers != Headers{{"b", std::nullopt}, {"a", "1"}, {"a", "2"}}));
  BOOST_CHECK_EQUAL(headers.size(), 3U);
  BOOST_CHECK_EQUAL(headers.begin()->key, "a");
}

BOOST_AUTO_TEST_CASE(give_the_last_one_of_a_key) {
  const Headers headers{{"a", "1"}, {"b", "2"}, {"a", "3"}};
  BOOST_REQUIRE(headers.last("a") != nullptr);
  BOOST_CHECK_EQUAL(headers.last("a")->value.value(), "3");
  BOOST_CHECK(headers.last("c") == nullptr);
  BOOST_CHECK(Headers().last("a") == nullptr);
}

BOOST_AUTO_TEST_CASE(lose_all_of_a_key) {
  Headers headers{{"a", "1"}, {"b", "2"}, {"a", "3"}};
  headers.remove(headers.begin()->key);
  BOOST_CHECK((headers == Headers{{"b", "2"}}));
  headers.remove("b");
  BOOST_CHECK(headers == Headers());
  BOOST_CHECK(headers.empty());
  headers.remove("b");
  BOOST_CHECK_EQUAL(headers.size(), 0U);
  BOOST_CHECK(headers.begin() == headers.end());
}

BOOST_AUTO_TEST_CASE(are_copied_and_moved_as_values) {
  const Headers some{{"a", "1"}};
  Headers copy = some;
  copy.add("b", "2");
  BOOST_CHECK_EQUAL(some.size(), 1U);
  Headers other;
  other = copy;
  const Headers& self = other;
  other = self;
  BOOST_CHECK(other == copy);
  const Headers moved = std::move(other);
  BOOST_CHECK(moved == copy);
  copy = Headers();
  BOOST_CHECK(copy.empty());
  BOOST_CHECK_EQUAL(moved.size(), 2U);
}

BOOST_AUTO_TEST_SUITE_END()
