// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <sstream>
#include <string>

#include "mail_text.hpp"
#include "millrace/smtp/smtp_client.hpp"
#include "smtp_dialogue.hpp"

using namespace millrace::connect;
using namespace millrace::connect::detail;

BOOST_AUTO_TEST_SUITE(smtp)

BOOST_AUTO_TEST_CASE(headers_are_ascii_and_have_no_line_breaks) {
  BOOST_TEST(encoded_header("3 buys: AAPL") == "3 buys: AAPL");
  BOOST_TEST(encoded_header("caf\xc3\xa9") == "=?UTF-8?B?Y2Fmw6k=?=");
  BOOST_TEST(encoded_header("a\r\nBcc: x@y").find("\r\nBcc") == std::string::npos);
  BOOST_TEST(encoded_header("=?UTF-8?B?eA==?=").starts_with("=?UTF-8?B?PT9V"));
  BOOST_TEST(encoded_header("\xff").starts_with("=?UTF-8?B?"));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "\xf0\x9f\x9a\x80";
  std::istringstream lines(encoded_header(many));
  for (std::string line; std::getline(lines, line);) BOOST_TEST(line.size() <= 78U);
}

BOOST_AUTO_TEST_CASE(text_is_quoted_printable) {
  BOOST_TEST(quoted_printable("a = b\n") == "a =3D b\r\n");
  BOOST_TEST(quoted_printable("caf\xc3\xa9") == "caf=C3=A9\r\n");
  BOOST_TEST(quoted_printable("end \nx") == "end=20\r\nx\r\n");
  BOOST_TEST(quoted_printable("a\r\nb\n\nc") == "a\r\nb\r\n\r\nc\r\n");
  BOOST_TEST(quoted_printable("") == "");
  std::istringstream lines(quoted_printable(std::string(500, 'x')));
  std::string joined;
  for (std::string line; std::getline(lines, line);) {
    BOOST_TEST(line.size() <= 77U);  // 76 and the CR
    if (line.ends_with("=\r")) line.resize(line.size() - 2);
    if (line.ends_with("\r")) line.pop_back();
    joined += line;
  }
  BOOST_TEST(joined == std::string(500, 'x'));
}

BOOST_AUTO_TEST_CASE(dates_are_in_utc) {
  BOOST_TEST(mail_date(0) == "Thu, 01 Jan 1970 00:00:00 +0000");
  BOOST_TEST(mail_date(1'325'548'800'123) == "Tue, 03 Jan 2012 00:00:00 +0000");
}

BOOST_AUTO_TEST_CASE(a_mail_has_its_headers) {
  const auto text = mail_text({.from = "a@x.example",
                               .to = {"b@y.example", "c@y.example"},
                               .subject = "Buys",
                               .text = "Hello\n",
                               .message_id = "1.2@x.example",
                               .date = 0});
  for (const char* part : {"From: <a@x.example>\r\n", "To: <b@y.example>,\r\n <c@y.example>\r\n", "Subject: Buys\r\n",
                           "Message-ID: <1.2@x.example>\r\n", "\r\n\r\nHello\r\n"}) {
    BOOST_TEST_INFO(part);
    BOOST_TEST(text.find(part) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(addresses_are_checked) {
  for (const char* good : {"a@b", "first.last+tag@mail.example.org"}) BOOST_CHECK_NO_THROW(check_mail_address(good));
  for (const char* bad :
       {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nRCPT TO:<x@y>", "<a@b>", "a@b,c@d", "\xc3\xa9@b"}) {
    BOOST_CHECK_THROW(check_mail_address(bad), millrace::ConfigException);
  }
}

BOOST_AUTO_TEST_CASE(wrong_settings_are_told) {
  BOOST_CHECK_NO_THROW(SmtpClient({.url = "smtp://mail.example:587"}));
  BOOST_CHECK_NO_THROW(SmtpClient({.url = "smtp://localhost:25", .plain = true}));
  BOOST_CHECK_THROW(SmtpClient({.url = "smtp://mail.example", .plain = true}), millrace::ConfigException);
  BOOST_CHECK_THROW(SmtpClient({.url = "http://localhost"}), millrace::ConfigException);
  BOOST_CHECK_THROW(SmtpClient({.url = "smtp://user:password@localhost"}), millrace::ConfigException);
  BOOST_CHECK_THROW(SmtpClient({.url = "smtp://localhost", .password = Secret("x")}), millrace::ConfigException);
}

BOOST_AUTO_TEST_CASE(the_dialogue_knows_who_was_refused) {
  SmtpDialogue dialogue;
  dialogue.received("220 here\r\n");
  dialogue.sent("EHLO me\r\n");
  dialogue.received("250-here\r\n");
  dialogue.received("250-SIZE 1000\r\n");
  dialogue.received("250 STARTTLS\r\n");
  BOOST_TEST(dialogue.command() == "EHLO");
  BOOST_TEST(dialogue.status() == 250);
  dialogue.sent("MAIL FROM:<a@x>\r\n");
  dialogue.received("250 ok\r\n");
  dialogue.sent("RCPT TO:<b@y>\r\n");
  dialogue.received("550-no such\r\n550 user\r\n");
  dialogue.sent("RCPT TO:<c@y>\r\n");
  dialogue.received("250 ok\r\n");
  BOOST_REQUIRE_EQUAL(dialogue.recipients().size(), 2U);
  BOOST_TEST(dialogue.recipients()[0].recipient == "b@y");
  BOOST_TEST(dialogue.recipients()[0].status == 550);
  BOOST_TEST(dialogue.recipients()[0].text == "550-no such 550 user");
  BOOST_TEST(dialogue.recipients()[1].status == 250);
  dialogue.sent("DATA\r\n");
  dialogue.received("354 go on\r\n");
  dialogue.received("552 too large\r\n");
  BOOST_TEST(dialogue.command() == ".");
  BOOST_TEST(dialogue.status() == 552);
  dialogue.sent("QUIT\r\n");
  dialogue.received("221 bye\r\n");
  BOOST_TEST(dialogue.command() == ".");
  BOOST_TEST(dialogue.status() == 552);
}

BOOST_AUTO_TEST_SUITE_END()
