// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "config/properties_file.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "millrace/common/errors.hpp"
#include "millrace/config/streams_config.hpp"
#include "support/temp_dir.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

std::vector<Property> parse(const std::string& text) {
  std::istringstream in(text);
  return read_properties(in, "app.properties");
}

/// "key|value" of the only property in the text.
std::string one(const std::string& text) {
  const auto all = parse(text);
  BOOST_TEST_REQUIRE(all.size() == 1u);
  return all[0].key + "|" + all[0].value;
}

/// A file with this text in a temporary directory.
class TempFile {
 public:
  explicit TempFile(const std::string& text) { std::ofstream(path()) << text; }

  [[nodiscard]] std::filesystem::path path() const { return dir_.path() / "app.properties"; }

 private:
  TempDir dir_;
};

std::string load_error(const std::filesystem::path& file) {
  try {
    StreamsConfig().load_file(file);
  } catch (const ConfigException& error) {
    return error.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(PropertiesFile)

BOOST_AUTO_TEST_CASE(splits_at_equals_colon_and_blanks) {
  BOOST_TEST(one("a=b") == "a|b");
  BOOST_TEST(one("  a = b c ") == "a|b c ");  // blanks at the end belong to the value
  BOOST_TEST(one("a:b") == "a|b");
  BOOST_TEST(one("a b=c") == "a|b=c");
  BOOST_TEST(one("a \t: b:c=d") == "a|b:c=d");
  BOOST_TEST(one("a") == "a|");
  BOOST_TEST(one("a=") == "a|");
  BOOST_TEST(one("=b") == "|b");
}

BOOST_AUTO_TEST_CASE(skips_comments_and_blank_lines) {
  BOOST_TEST(one("# one\n  ! two\n\n \t \na=b\n") == "a|b");
  BOOST_TEST(one("a=b # part of the value") == "a|b # part of the value");
  BOOST_TEST(one("# no continuation \\\na=b") == "a|b");
}

BOOST_AUTO_TEST_CASE(joins_continued_lines) {
  BOOST_TEST(one("a=b,\\\n   c,\\\n\td") == "a|b,c,d");
  BOOST_TEST(one("a=b\\\r\n  c\r\n") == "a|bc");
  BOOST_TEST(one("a=b\\") == "a|b");
  BOOST_TEST(one("a=b\\\n# no comment") == "a|b# no comment");
  const auto even = parse("a=b\\\\\nc=d");  // an escaped backslash does not continue
  BOOST_TEST_REQUIRE(even.size() == 2u);
  BOOST_TEST(even[0].value == "b\\");
}

BOOST_AUTO_TEST_CASE(undoes_escapes) {
  BOOST_TEST(one("a\\ b\\=\\:c=d") == "a b=:c|d");
  BOOST_TEST(one("a=\\tb\\nc\\q") == "a|\tb\ncq");
  BOOST_TEST(one("a=\\u00e9\\u20AC") == "a|é€");
  BOOST_TEST(one("a=\\ud83d\\ude00") == "a|😀");
  BOOST_TEST(one("a=é") == "a|é");
}

BOOST_AUTO_TEST_CASE(names_file_and_line_of_a_malformed_escape) {
  for (const auto* const bad : {"\\u12", "\\uwxyz", "\\ud83d", "\\ude00", "\\ud83d\\u0041", "\\u+123"}) {
    const auto names_the_line = [](const ConfigException& error) {
      return std::string(error.what()).starts_with("app.properties:2:");
    };
    BOOST_CHECK_EXCEPTION(parse("x=y\na=" + std::string(bad)), ConfigException, names_the_line);
  }
}

BOOST_AUTO_TEST_CASE(counts_natural_lines) {
  const auto all = parse("# c\na=1\\\n  2\n\nb=3\n");
  BOOST_TEST_REQUIRE(all.size() == 2u);
  BOOST_TEST(all[0].line == 2);
  BOOST_TEST(all[1].line == 5);
}

BOOST_AUTO_TEST_CASE(loads_into_a_configuration) {
  const TempFile file("application.id = app\nnum.stream.threads: 2\nconsumer.fetch.min.bytes 10\n");
  const auto config = StreamsConfig().load_file(file.path());
  BOOST_TEST(config.get_string("application.id") == "app");
  BOOST_TEST(config.get_int("num.stream.threads") == 2);
  BOOST_TEST(config.with_prefix("consumer.").at("fetch.min.bytes") == "10");
}

BOOST_AUTO_TEST_CASE(names_file_and_line_of_a_wrong_setting) {
  const TempFile file("application.id=app\n\nnum.stream.threads=none\n");
  const auto text = load_error(file.path());
  BOOST_TEST(text.starts_with(file.path().string() + ":3: "));
  BOOST_TEST(text.find("num.stream.threads") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(names_a_file_that_cannot_be_read) {
  BOOST_TEST(load_error("no/such/file.properties").find("no/such/file.properties") != std::string::npos);
  BOOST_TEST(load_error(std::filesystem::temp_directory_path()) != "");
}

BOOST_AUTO_TEST_SUITE_END()
