// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "common/visible.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "millrace/common/logging.hpp"
#include "support/captured_stderr.hpp"

using namespace millrace;
using namespace millrace::detail;
using namespace std::string_literals;

BOOST_AUTO_TEST_SUITE(VisibleText)

BOOST_AUTO_TEST_CASE(is_text_as_it_is) {
  BOOST_TEST(visible("") == "");
  BOOST_TEST(visible("orders \"a\" 'b' \\") == "orders \"a\" 'b' \\");
  BOOST_TEST(visible("Grüße, 世界 🦀") == "Grüße, 世界 🦀");
}

BOOST_AUTO_TEST_CASE(has_escapes_for_what_nobody_sees) {
  BOOST_TEST(visible("\xEF\xBB\xBF{}") == "\\ufeff{}");  // a byte order mark
  BOOST_TEST(visible("a\0b"s) == "a\\x00b");
  BOOST_TEST(visible("a\tb\nc\x1b[31m\x7f") == "a\\x09b\\x0ac\\x1b[31m\\x7f");
  BOOST_TEST(visible("a\xC2\xA0z") == "a\\u00a0z");                                // no-break space
  BOOST_TEST(visible("a\xE2\x80\x8Bz") == "a\\u200bz");                            // zero-width space
  BOOST_TEST(visible("a\xE2\x80\xAEz") == "a\\u202ez");                            // right to left from here on
  BOOST_TEST(visible("\xff|\xc3|\xed\xa0\x80") == "\\xff|\\xc3|\\xed\\xa0\\x80");  // not UTF-8
}

BOOST_AUTO_TEST_CASE(is_cut_between_characters) {
  BOOST_TEST(visible("abcdef", 3) == "abc...");
  BOOST_TEST(visible("abc", 3) == "abc");
  BOOST_TEST(visible("ab世", 3) == "ab...");
}

BOOST_AUTO_TEST_CASE(keeps_the_lines_of_a_log) {
  BOOST_TEST(visible_lines("a\n\tb") == "a\n\tb");
  BOOST_TEST(visible_lines("a\n\tb\r\xEF\xBB\xBF") == "a\n\tb\\x0d\\ufeff");
  const CapturedStderr log;
  millrace::log(LogLevel::warn, "topic 'a\0b'"s);
  BOOST_TEST(log.text().find("topic 'a\\x00b'\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
