// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "millrace/app/shown_record.hpp"
#include "millrace/common/errors.hpp"
#include "topics/input.hpp"

using namespace millrace;
using topics::InputFormat;
using topics::InputOptions;
using topics::InputRecord;

namespace {

std::vector<InputRecord> read(const InputOptions& options, const std::string& text) {
  std::istringstream stream(text);
  const auto input = topics::make_input(options, stream);
  std::vector<InputRecord> records;
  for (InputRecord record; input->next(record);) records.push_back(record);
  return records;
}

/// `key -> value @ timestamp` for each record.
std::vector<std::string> texts(const InputOptions& options, const std::string& text) {
  std::vector<std::string> texts;
  for (const auto& record : read(options, text)) {
    texts.push_back(record.key.value_or("null") + " -> " + record.value.value_or("null") +
                    (record.timestamp ? " @ " + std::to_string(*record.timestamp) : ""));
  }
  return texts;
}

using Texts = std::vector<std::string>;

/// The error of reading this text.
std::string error(const InputOptions& options, const std::string& text) {
  try {
    (void)read(options, text);
  } catch (const millrace::StreamsException& error) {
    return error.what();
  }
  return "no error";
}

bool begins(const std::string& text, const char* beginning) { return text.starts_with(beginning); }

}  // namespace

BOOST_AUTO_TEST_SUITE(TopicsPutLines)

BOOST_AUTO_TEST_CASE(may_have_keys_and_nulls) {
  BOOST_TEST(texts({}, "a\n\nb") == (Texts{"null -> a", "null -> ", "null -> b"}));
  BOOST_TEST(texts({.key_separator = "=", .null_value = "NULL"}, "a=NULL\nNULL=b\nc=xNULL\n") ==
             (Texts{"a -> null", "NULL -> b", "c -> xNULL"}));
  BOOST_TEST(error({.key_separator = "="}, "a=1\nb\n") == "line 2 has no '=' between key and value: b");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(TopicsPutJson)

BOOST_AUTO_TEST_CASE(takes_key_and_time_from_fields) {
  const InputOptions options{.format = InputFormat::json, .key_field = "o.id", .timestamp_field = "t"};
  BOOST_TEST(texts(options,
                   "{\"o\":{\"id\":\"x\"}, \"t\":5}\n\n{\"o\":{\"id\":7},\"t\":\"1970-01-01T00:00:01.5Z\"}\r\n"
                   "{\"o\":{\"id\":null},\"t\":0}\n") ==
             (Texts{"x -> {\"o\":{\"id\":\"x\"}, \"t\":5} @ 5",
                    "7 -> {\"o\":{\"id\":7},\"t\":\"1970-01-01T00:00:01.5Z\"} @ 1500",
                    "null -> {\"o\":{\"id\":null},\"t\":0} @ 0"}));
}

BOOST_AUTO_TEST_CASE(names_the_line_of_a_mistake) {
  const InputOptions options{.format = InputFormat::json, .key_field = "id", .timestamp_field = "t"};
  BOOST_TEST(begins(error(options, "{\"id\":1,\"t\":1}\n{\n"), "line 2 is not JSON: "));
  BOOST_TEST(error(options, "\n{\"t\":1}\n") == "line 2 has no field 'id' (--key-field): {\"t\":1}");
  BOOST_TEST(error(options, "{\"id\":1.5}") ==
             "line 1 has 1.5 in field 'id' (--key-field); a key is a string, an integer, a boolean or null");
  for (const auto* time : {"-1", "1.5", "\"noon\"", "null", "true", "18446744073709551615"}) {
    const std::string line = std::string("{\"id\":1,\"t\":") + time + "}";
    BOOST_TEST(begins(error(options, line), (std::string("line 1 has ") + time + " in field 't'").c_str()));
  }
}

BOOST_AUTO_TEST_CASE(writes_tombstones_only_without_a_key_field) {
  BOOST_TEST(texts({.format = InputFormat::json, .null_value = "null"}, "null\n[null]\n") ==
             (Texts{"null -> null", "null -> [null]"}));
  BOOST_TEST(begins(error({.format = InputFormat::json, .key_field = "id", .null_value = "null"}, "null\n"),
                    "line 1 is 'null' (--null-value), which has no fields"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(TopicsPutRecords)

BOOST_AUTO_TEST_CASE(are_what_cat_prints) {
  const std::string topic = "t";
  millrace::ConsumerRecord record;
  record.topic = &topic;
  record.timestamp = 12;
  record.key = std::string_view("\x00\xff", 2);
  record.value = R"({"a":[1.10,123456789012345678901234567890]})";
  record.headers.add("h", "1");
  record.headers.add("h", std::nullopt);
  for (const auto* format : {"auto", "json"}) {
    const auto line = json_line(RecordFormat{BytesFormat::parse("auto"), BytesFormat::parse(format)}.show(record));
    const auto records = read({.format = InputFormat::records}, line);
    BOOST_TEST_CONTEXT(format) {
      BOOST_REQUIRE_EQUAL(records.size(), 1U);
      BOOST_TEST(records[0].key.value() == std::string("\x00\xff", 2));
      BOOST_TEST(records[0].value.value() == *record.value);
      BOOST_TEST(records[0].timestamp.value() == 12);
      BOOST_CHECK(records[0].headers == record.headers);
    }
  }
}

BOOST_AUTO_TEST_CASE(need_a_value_only) {
  BOOST_TEST(texts({.format = InputFormat::records},
                   "{\"value\":null}\n{\"key\":\"k\",\"value\":{\"b\":[1]},\"timestamp\":-1}\n") ==
             (Texts{"null -> null", "k -> {\"b\":[1]}"}));
  BOOST_TEST(texts({.format = InputFormat::records}, "{ \"value\" : 1.10 , \"key\" : [ 1 ] }\n{\"value\":true}") ==
             (Texts{"[ 1 ] -> 1.10", "null -> true"}));
  for (const auto& [line, message] : std::vector<std::pair<const char*, const char*>>{
           {"{\"key\":1}", "line 1 has no member 'value'"},
           {"[1]", "line 1 is no JSON object"},
           {"{\"value\":1,\"vlaue\":2}", "line 1 has the member 'vlaue'"},
           {"{\"value\":1,\"timestamp\":\"x\"}", "line 1 has the timestamp \"x\""},
           {"{\"value\":1,\"headers\":{\"a\":1}}", "line 1 has the headers {\"a\":1}"},
           {"{\"value\":{\"hex\":\"0g\"}}", "line 1 has hex that is not"},
           {"{\"value\":{\"hex\":\"000\"}}", "line 1 has hex that is not"}}) {
    BOOST_TEST_CONTEXT(line) { BOOST_TEST(begins(error({.format = InputFormat::records}, line), message)); }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(TopicsPutCsv)

BOOST_AUTO_TEST_CASE(makes_objects_of_rows) {
  BOOST_TEST(texts({.format = InputFormat::csv},
                   "\xef\xbb\xbf"
                   "a,b c\n1.10,\"x, \"\"y\"\"\nz\"\n\n007,\n") ==
             (Texts{"null -> {\"a\":1.10,\"b c\":\"x, \\\"y\\\"\\nz\"}", "null -> {\"a\":\"007\",\"b c\":\"\"}"}));
  BOOST_TEST(texts({.format = InputFormat::csv}, "a\r\n-5e3\r\n1e\r\n+1\r\ntrue\r\nTRUE\r\n") ==
             (Texts{"null -> {\"a\":-5e3}", "null -> {\"a\":\"1e\"}", "null -> {\"a\":\"+1\"}", "null -> {\"a\":true}",
                    "null -> {\"a\":\"TRUE\"}"}));
  BOOST_TEST(texts({.format = InputFormat::csv}, "a,b\n").empty());
}

BOOST_AUTO_TEST_CASE(takes_key_time_and_nulls) {
  const InputOptions options{
      .format = InputFormat::csv, .key_field = "id", .timestamp_field = "day", .null_value = "\\N"};
  BOOST_TEST(texts(options, "id,day,n\n7,1970-01-02,\\N\n\\N,5,1\n") ==
             (Texts{"7 -> {\"id\":7,\"day\":\"1970-01-02\",\"n\":null} @ 86400000",
                    "null -> {\"id\":null,\"day\":5,\"n\":1} @ 5"}));
}

BOOST_AUTO_TEST_CASE(names_the_line_of_a_mistake) {
  const InputOptions options{.format = InputFormat::csv};
  BOOST_TEST(begins(error(options, ""), "the input is empty"));
  BOOST_TEST(error(options, "a,b,a\n") == "line 1 has the column 'a' twice");
  BOOST_TEST(begins(error(options, "a,,b\n"), "line 1 has a column without a name"));
  BOOST_TEST(error(options, "a,b\n1,2\n1,2,3\n") == "line 3 has 3 fields, but the header has 2");
  BOOST_TEST(begins(error(options, "a\n\"x\"y\n"), "line 2 is not CSV"));
  BOOST_TEST(error(options, "a\n\"x\ny\n") == "line 3 is the last one, but a quoted field does not end");
  BOOST_TEST(error(options, "a\n\xff\n") == "line 2 has a field 'a' that is not UTF-8");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(TopicsPutOptions)

BOOST_AUTO_TEST_CASE(must_belong_to_the_format) {
  for (const InputOptions& options :
       {InputOptions{.key_field = "a"}, InputOptions{.timestamp_field = "a"}, InputOptions{.key_separator = ""},
        InputOptions{.format = InputFormat::json, .key_separator = "="},
        InputOptions{.format = InputFormat::records, .null_value = "x"}}) {
    BOOST_CHECK_THROW((void)read(options, ""), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_SUITE_END()
