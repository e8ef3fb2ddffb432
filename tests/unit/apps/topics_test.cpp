#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "topics/record_json.hpp"
#include "topics/start_position.hpp"

using millrace::ConsumerRecord;

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

}  // namespace

BOOST_AUTO_TEST_SUITE(TopicsCatRecord)

BOOST_AUTO_TEST_CASE(shows_text_as_text_and_null_as_null) {
  BOOST_TEST(topics::record_json(record(std::nullopt, "a \"b\" \u00e9")) ==
             R"({"topic":"t","partition":2,"offset":7,"timestamp":1000,"key":null,"value":"a \"b\" é","headers":[]})");
}

BOOST_AUTO_TEST_CASE(shows_bytes_that_are_no_text_as_hex) {
  BOOST_TEST(topics::record_json(record("", std::string_view("\x00\xff", 2))) ==
             R"({"topic":"t","partition":2,"offset":7,"timestamp":1000,"key":"","value":{"hex":"00ff"},"headers":[]})");
}

BOOST_AUTO_TEST_CASE(shows_headers_in_order) {
  auto with_headers = record(std::nullopt, std::nullopt);
  with_headers.headers.add("a", "1");
  with_headers.headers.add("a", std::nullopt);
  with_headers.headers.add("b", "\xff");
  const auto json = topics::record_json(with_headers);
  BOOST_TEST(json.substr(json.find("\"headers\"")) ==
             R"("headers":[{"key":"a","value":"1"},{"key":"a","value":null},{"key":"b","value":{"hex":"ff"}}]})");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(StartPosition)

BOOST_AUTO_TEST_CASE(must_be_a_keyword_a_number_or_a_time) {
  for (const auto* text : {"", "noon", "1x", "2012-13-01", "2012-01-03 10:00", "2012-01-03T10:00:00+01:00"}) {
    BOOST_CHECK_THROW((void)topics::StartPosition::parse(text), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_SUITE_END()
