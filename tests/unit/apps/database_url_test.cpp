// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "buy_signals/database/database_url.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <stdexcept>

using buy_signals::DatabaseUrl;

BOOST_AUTO_TEST_SUITE(DatabaseUrlParse)

BOOST_AUTO_TEST_CASE(takes_all_parts_apart) {
  const auto url = DatabaseUrl::parse("mysql://trader:s%40cret@db.example.org:3307/prices");
  BOOST_TEST(url.user == "trader");
  BOOST_TEST(url.password == "s@cret");
  BOOST_TEST(url.host == "db.example.org");
  BOOST_TEST(url.port == 3307);
  BOOST_TEST(url.database == "prices");
}

BOOST_AUTO_TEST_CASE(shows_everything_but_the_password) {
  BOOST_TEST(DatabaseUrl::parse("mysql://u:secret@h:1/d").str() == "mysql://u@h:1/d");
  BOOST_TEST(DatabaseUrl::parse("mysql://u:p@[::1]:1/d").str() == "mysql://u@[::1]:1/d");
}

BOOST_AUTO_TEST_CASE(accepts_defaults_and_the_scheme_mariadb) {
  const auto url = DatabaseUrl::parse("mariadb://u:@[::1]/d");
  BOOST_TEST(url.port == 3306);
  BOOST_TEST(url.host == "::1");
  BOOST_TEST(url.password == "");
}

BOOST_AUTO_TEST_CASE(takes_a_missing_password_from_the_environment) {
  setenv("MYSQL_PWD", "from the environment", 1);
  BOOST_TEST(DatabaseUrl::parse("mysql://u@h/d").password == "from the environment");
  BOOST_TEST(DatabaseUrl::parse("mysql://u:@h/d").password == "");
  unsetenv("MYSQL_PWD");
}

BOOST_AUTO_TEST_CASE(names_a_missing_part_but_never_the_password) {
  for (const auto* text : {"h:1/d", "mysql://u:secret@h:1", "mysql://u:secret@h:1/", "mysql://h:1/d",
                           "mysql://:secret@h/d", "mysql://u:secret@:1/d", "mysql://u:secret@h:0/d",
                           "mysql://u:secret@h:99999/d", "mysql://u:secret@h:x/d", "mysql://u:secret%4@h/d"}) {
    BOOST_CHECK_EXCEPTION((void)DatabaseUrl::parse(text), std::invalid_argument,
                          [](const std::invalid_argument& error) {
                            return std::string{error.what()}.find("secret") == std::string::npos;
                          });
  }
}

BOOST_AUTO_TEST_SUITE_END()
