// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <limits>
#include <stdexcept>
#include <string>

#include "millrace/app/detail/utc_text.hpp"
#include "millrace/app/shown_record.hpp"
#include "topics/condition.hpp"
#include "topics/start_position.hpp"

using namespace millrace;
using namespace std::string_literals;

namespace {

const std::string kTopic = "t";

ConsumerRecord record(millrace::BytesView key, millrace::BytesView value) {
  ConsumerRecord result;
  result.topic = &kTopic;
  result.partition = 2;
  result.offset = 7;
  result.timestamp = 1000;
  result.key = key;
  result.value = value;
  return result;
}

std::string line_of(const ConsumerRecord& record, const RecordFormat& format = {}) {
  return json_line(format.show(record));
}

Shown shown(const char* format, const std::string& bytes) { return BytesFormat::parse(format).show(bytes); }

std::string json_of(const char* format, const std::string& bytes) {
  const auto result = shown(format, bytes);
  return result.problem.empty() ? result.json : "does not fit: " + result.problem;
}

bool matches(const char* condition, const char* value, const char* value_format = "auto", const char* key = "k") {
  const RecordFormat format{BytesFormat::parse("auto"), BytesFormat::parse(value_format)};
  return topics::Condition::parse(condition).matches(format.show(record(key, value)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(TopicsCatRecord)

BOOST_AUTO_TEST_CASE(shows_text_as_text_and_null_as_null) {
  BOOST_TEST(line_of(record(std::nullopt, "a \"b\" \u00e9")) ==
             R"({"topic":"t","partition":2,"offset":7,"timestamp":1000,"key":null,"value":"a \"b\" é","headers":[]})");
}

BOOST_AUTO_TEST_CASE(shows_bytes_that_are_no_text_as_hex) {
  BOOST_TEST(line_of(record("", std::string_view("\x00\xff", 2))) ==
             R"({"topic":"t","partition":2,"offset":7,"timestamp":1000,"key":"","value":{"hex":"00ff"},"headers":[]})");
}

BOOST_AUTO_TEST_CASE(shows_headers_in_order) {
  auto with_headers = record(std::nullopt, std::nullopt);
  with_headers.headers.add("a", "1");
  with_headers.headers.add("a", std::nullopt);
  with_headers.headers.add("b", "\xff");
  const auto json = line_of(with_headers);
  BOOST_TEST(json.substr(json.find("\"headers\"")) ==
             R"("headers":[{"key":"a","value":"1"},{"key":"a","value":null},{"key":"b","value":{"hex":"ff"}}]})");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(TopicsCatFormat)

BOOST_AUTO_TEST_CASE(reads_what_kafkas_serializers_write) {
  BOOST_TEST(json_of("string", "a\n") == R"("a\n")");
  BOOST_TEST(json_of("short", "\xff\xfe"s) == "-2");
  BOOST_TEST(json_of("integer", "\0\0\1\0"s) == "256");
  BOOST_TEST(json_of("long", "\x80\0\0\0\0\0\0\0"s) == "-9223372036854775808");
  BOOST_TEST(json_of("float", "\x3d\xcc\xcc\xcd"s) == "0.1");
  BOOST_TEST(json_of("double", "\x40\x14\0\0\0\0\0\0"s) == "5.0");
  BOOST_TEST(json_of("double", "\x7f\xf0\0\0\0\0\0\0"s) == R"("Infinity")");
  BOOST_TEST(json_of("double", "\x7f\xf8\0\0\0\0\0\0"s) == R"("NaN")");
  BOOST_TEST(json_of("boolean", "\1") == "true");
  BOOST_TEST(json_of("uuid", "123e4567-e89b-12d3-a456-426614174000") == R"("123e4567-e89b-12d3-a456-426614174000")");
  BOOST_TEST(BytesFormat::parse("long").show(std::nullopt).json == "null");
}

BOOST_AUTO_TEST_CASE(shows_all_bytes_in_hex_and_base64) {
  BOOST_TEST(json_of("hex", "\0\xff"s) == R"("00ff")");
  BOOST_TEST(json_of("base64", "") == R"("")");
  // The examples of RFC 4648.
  BOOST_TEST(json_of("base64", "f") == R"("Zg==")");
  BOOST_TEST(json_of("base64", "fo") == R"("Zm8=")");
  BOOST_TEST(json_of("base64", "foo") == R"("Zm9v")");
  BOOST_TEST(json_of("base64", "\xff\xff") == R"("//8=")");
}

BOOST_AUTO_TEST_CASE(nests_json_without_a_change_of_its_numbers) {
  BOOST_TEST(json_of("json", "{ \"a\" : [1.10,\n 123456789012345678901234567890, \"x  y\"] }") ==
             R"({"a":[1.10,123456789012345678901234567890,"x  y"]})");
  BOOST_TEST(json_of("json", "\xef\xbb\xbf{}") == "{}");
  BOOST_TEST(json_of("json", "5") == "5");
  for (const auto* text : {"", "{", "{}{}", "nul", "\"\xff\"", "NaN"}) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(json_of("json", text).starts_with("does not fit: not JSON")); }
  }
}

BOOST_AUTO_TEST_CASE(reads_windowed_keys) {
  const std::string time = "\0\0\1\x34\xa1\0\0\0"s;
  BOOST_TEST(json_of("windowed:string", "IBM" + time) == R"({"key":"IBM","start":1325551058944})");
  BOOST_TEST(shown("windowed:string", "IBM" + time).text == "[IBM@2012-01-03 00:37:38.944Z]");
  // The end comes first.
  BOOST_TEST(json_of("session:string", "IBM" + time + "\0\0\0\0\0\0\0\5"s) ==
             R"({"key":"IBM","start":5,"end":1325551058944})");
  BOOST_TEST(json_of("window-store:integer", "\0\0\0\7"s + "\0\0\0\0\0\0\0\5"s + "\0\0\0\2"s) ==
             R"({"key":7,"start":5,"seq":2})");
}

BOOST_AUTO_TEST_CASE(shows_bytes_that_do_not_fit_in_hex_with_the_reason) {
  for (const auto* format : {"short", "integer", "long", "float", "double", "boolean", "uuid", "json",
                             "windowed:string", "session:string", "window-store:string"}) {
    BOOST_TEST_CONTEXT(format) {
      const auto result = shown(format, "abc");
      BOOST_TEST(result.json == R"({"hex":"616263"})");
      BOOST_TEST(!result.problem.empty());
    }
  }
  BOOST_TEST(shown("windowed:long", "abc\0\0\0\0\0\0\0\5"s).json == R"({"hex":"6162630000000000000005"})");
  // Text is no window: the time would be before 1970.
  BOOST_TEST(!shown("windowed:string", "\xff\xff\xff\xff\xff\xff\xff\xff").problem.empty());
  BOOST_TEST(!shown("session:string", "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2"s).problem.empty());

  const auto line = line_of(record("abc", "x"), {BytesFormat::parse("long"), BytesFormat::parse("json")});
  BOOST_TEST(line.find(R"("key":{"hex":"616263"},"value":{"hex":"78"})") != std::string::npos);
  BOOST_TEST(line.find(R"("errors":{"key":"Long: expected 8 bytes, found 3)") != std::string::npos);
  BOOST_TEST(line.find(R"("value":"not JSON)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(has_a_known_name) {
  for (const auto* name : {"", "Long", "int", "windowed", "windowed:", "windowed:nope", "windowed:windowed:string"}) {
    BOOST_CHECK_THROW((void)BytesFormat::parse(name), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(TopicsCatPrint)

BOOST_AUTO_TEST_CASE(aligns_columns_and_shows_times) {
  PeopleLines lines;
  const RecordFormat format;
  auto first = record("long key", "v");
  first.timestamp = 1325568917004;
  first.headers.add("h", std::nullopt);
  BOOST_TEST(lines.line(format.show(first)) == "2012-01-03 05:35:17.004Z  2:7  long key  v  h=null");
  BOOST_TEST(lines.line(format.show(record("é", "{\"a\":1}"))) == "1970-01-01 00:00:01.000Z  2:7  é         {\"a\":1}");
}

BOOST_AUTO_TEST_CASE(quotes_what_a_terminal_or_a_reader_would_misread) {
  BOOST_TEST(detail::terminal_text("a b") == "a b");
  BOOST_TEST(detail::terminal_text("") == R"("")");
  BOOST_TEST(detail::terminal_text("null") == R"("null")");
  BOOST_TEST(detail::terminal_text("a\x1b[2J") == R"("a\u001b[2J")");
  BOOST_TEST(detail::terminal_text("\x7f") == R"("\u007f")");
  BOOST_TEST(detail::terminal_text("\xc2\x9b") == R"("\u009b")");
}

BOOST_AUTO_TEST_CASE(shows_times_that_are_no_dates) {
  BOOST_TEST(detail::utc_text(-1) == "-");
  BOOST_TEST(detail::utc_text(253'402'300'799'999) == "9999-12-31 23:59:59.999Z");
  BOOST_TEST(detail::utc_text(std::numeric_limits<std::int64_t>::max()) == "9223372036854775807");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(TopicsCatWhere)

BOOST_AUTO_TEST_CASE(compares_fields_of_the_value) {
  const auto* const value =
      R"({"a":{"b":"x","n":5,"t":true,"z":null},"list":[{"c":1}],"d.e":2,"key":"own","o":{"p":1}})";
  for (const auto* format : {"auto", "json"}) {
    BOOST_TEST_CONTEXT(format) {
      for (const auto* condition : {"a.b=x", "a.n=5", "a.n=5.0", "a.t=true", "a.z=null", "list.0.c=1", "d.e=2",
                                    "value.key=own", "key=k", R"(o={"p": 1})"}) {
        BOOST_TEST_CONTEXT(condition) { BOOST_TEST(matches(condition, value, format)); }
      }
      for (const auto* condition : {"a.b=y", "a.b=", "a.n=6", "a.t=1", "a=x", "list.1.c=1", "list.x=1", "missing=1",
                                    "a.b.c=x", "key=own", "key.a=k", "a.=x", ".a=x"}) {
        BOOST_TEST_CONTEXT(condition) { BOOST_TEST(!matches(condition, value, format)); }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(does_not_match_a_value_without_fields) {
  BOOST_TEST(!matches("a=1", "text"));
  BOOST_TEST(!matches("a=1", "5"));
  BOOST_TEST(!matches("a=1", R"("a string")", "json"));
  BOOST_TEST(matches("value=text", "text"));
  BOOST_TEST(matches("value=a=b", "a=b"));
}

BOOST_AUTO_TEST_CASE(needs_a_field_and_a_value) {
  BOOST_CHECK_THROW((void)topics::Condition::parse("a"), std::invalid_argument);
  BOOST_CHECK_THROW((void)topics::Condition::parse("=a"), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(StartPosition)

BOOST_AUTO_TEST_CASE(must_be_a_keyword_a_number_or_a_time) {
  for (const auto* text : {"", "noon", "1x", "2012-13-01", "2012-02-30", "2012-01-03 10:00", "2012-01-03T10:00:00.",
                           "2012-01-03Z", "2012-01-03T10:00:00+01:00"}) {
    BOOST_CHECK_THROW((void)topics::StartPosition::parse(text), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_CASE(has_times_with_fractions_of_a_second) {
  for (const auto* text : {"2012-01-03T05:35:17.004", "2012-01-03 05:35:17.0049Z", "2012-01-03T05:35:17.004Z"}) {
    BOOST_TEST(detail::parse_utc(text).value_or(-1) == 1325568917004);
  }
  BOOST_TEST(detail::parse_utc("2012-01-03T05:35:17.5").value_or(-1) == 1325568917500);
  BOOST_TEST(detail::parse_utc("2012-01-03").value_or(-1) == 1325548800000);
}

BOOST_AUTO_TEST_SUITE_END()
