// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/connect/secret.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>

#include "millrace/common/errors.hpp"
#include "support/captured_stderr.hpp"
#include "support/temp_dir.hpp"

using namespace millrace;
using namespace millrace::connect;

namespace {

struct Fixture {
  TempDir directory;
  std::filesystem::path path = directory.path() / "token";

  void write(const std::string& text) const {
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(SecretSuite, Fixture)

BOOST_AUTO_TEST_CASE(is_the_first_line_of_a_file) {
  write("s3cret\r\nmore\n");
  const CapturedStderr log;
  BOOST_TEST(Secret::from_file(path, "the token").reveal() == "s3cret");
  BOOST_TEST(log.text() == "");
}

BOOST_AUTO_TEST_CASE(warns_of_a_file_that_everybody_can_read) {
  write("s3cret\n");
  std::filesystem::permissions(path, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
  const CapturedStderr log;
  (void)Secret::from_file(path, "the token");
  BOOST_TEST(log.text().find("chmod 600") != std::string::npos, log.text());
  BOOST_TEST(log.text().find("s3cret") == std::string::npos, log.text());
}

BOOST_AUTO_TEST_CASE(needs_a_file_with_a_line) {
  const auto names = [](const std::string& text) {
    return [text](const ConfigException& error) { return std::string(error.what()).find(text) != std::string::npos; };
  };
  BOOST_CHECK_EXCEPTION(Secret::from_file(path, "the token"), ConfigException, names("cannot read the token"));
  write("\nsecond\n");
  BOOST_CHECK_EXCEPTION(Secret::from_file(path, "the token"), ConfigException, names("is empty"));
}

BOOST_AUTO_TEST_CASE(may_come_from_the_environment) {
  ::setenv("MILLRACE_TEST_SECRET", "abc", 1);
  BOOST_TEST(Secret::from_environment("MILLRACE_TEST_SECRET")->reveal() == "abc");
  ::setenv("MILLRACE_TEST_SECRET", "", 1);
  BOOST_TEST(!Secret::from_environment("MILLRACE_TEST_SECRET"));
  ::unsetenv("MILLRACE_TEST_SECRET");
  BOOST_TEST(!Secret::from_environment("MILLRACE_TEST_SECRET"));
}

BOOST_AUTO_TEST_CASE(is_removed_from_addresses) {
  BOOST_TEST(without_secrets("mqtt://user:pass@host:1883/x") == "mqtt://host:1883/x");
  BOOST_TEST(without_secrets("mqtt://user:p@ss@host:1883") == "mqtt://host:1883");
  BOOST_TEST(without_secrets("wss://ws.example.org/?token=abc&x=1#f") == "wss://ws.example.org/?token=...&x=...");
  BOOST_TEST(without_secrets("mongodb://u:p@a:1,b:2/db?ssl=true") == "mongodb://a:1,b:2/db?ssl=...");
  BOOST_TEST(without_secrets("host:9092") == "host:9092");
  BOOST_TEST(without_secrets("https://host/path@home") == "https://host/path@home");
  BOOST_TEST(without_secrets("https://host/?flag") == "https://host/?flag");
}

BOOST_AUTO_TEST_SUITE_END()
