// SPDX-License-Identifier: Apache-2.0
#include "json_to_bson.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

using millrace::connect::detail::JsonToBson;

namespace {

/// The document as MongoDB's canonical extended JSON, or the reason why there is none.
std::string converted(const std::string& json, std::vector<std::string> dates = {}, const std::string& reserved = {}) {
  JsonToBson convert(std::move(dates));
  bson_t document;
  bson_init(&document);
  auto reason = convert.append(document, json, reserved);
  if (reason.empty()) {
    char* text = bson_as_canonical_extended_json(&document, nullptr);
    reason = text;
    bson_free(text);
  }
  bson_destroy(&document);
  return reason;
}

bool refused(const std::string& json, const std::string& part) {
  const auto text = converted(json);
  BOOST_TEST_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_to_bson)

BOOST_AUTO_TEST_CASE(values_keep_their_types) {
  BOOST_TEST(converted(R"({"a":1,"b":-9223372036854775808,"c":1.5,"d":2e3,"e":true,"f":null,"g":"x"})") ==
             R"({ "a" : { "$numberLong" : "1" }, "b" : { "$numberLong" : "-9223372036854775808" }, )"
             R"("c" : { "$numberDouble" : "1.5" }, "d" : { "$numberDouble" : "2000.0" }, "e" : true, "f" : null, )"
             R"("g" : "x" })");
  BOOST_TEST(converted(R"( { "a" : [ { } , [ ] , [ 1 , { "b" : false } ] ] } )") ==
             R"({ "a" : [ {  }, [  ], [ { "$numberLong" : "1" }, { "b" : false } ] ] })");
  BOOST_TEST(converted("{}") == "{ }");
}

BOOST_AUTO_TEST_CASE(large_integers_become_doubles) {
  BOOST_TEST(converted(R"({"a":9223372036854775808})") == R"({ "a" : { "$numberDouble" : "9223372036854775808.0" } })");
  const auto text = converted(R"({"a":[12345678901234567890123,2]})");
  BOOST_TEST_INFO(text);
  BOOST_TEST(text.starts_with(R"({ "a" : [ { "$numberDouble" : "1.23456789012345)"));
  BOOST_TEST(text.ends_with(R"(e+22" }, { "$numberLong" : "2" } ] })"));
}

BOOST_AUTO_TEST_CASE(extended_json_is_only_json) {
  BOOST_TEST(converted(R"({"a":{"$date":"2020-01-01T00:00:00Z"}})") ==
             R"({ "a" : { "$date" : "2020-01-01T00:00:00Z" } })");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_a_document_is_refused) {
  BOOST_TEST(refused("", "valid JSON"));
  BOOST_TEST(refused("nonsense", "not"));
  BOOST_TEST(refused("[1]", "not a JSON object"));
  BOOST_TEST(refused("7", "not a JSON object"));
  BOOST_TEST(refused(R"({"a":1}x)", "valid JSON"));
  BOOST_TEST(refused(R"({"a":1}{"a":1})", "behind"));
  BOOST_TEST(refused(R"({"a":1)", "valid JSON"));
  BOOST_TEST(refused(R"({"a":007})", "valid JSON"));
  BOOST_TEST(refused(R"({"a":NaN})", "valid JSON"));
  BOOST_TEST(refused(R"({"a":nul})", "valid JSON"));
  BOOST_TEST(refused(R"({"a":1e999})", "valid JSON"));
  BOOST_TEST(refused("{\"a\":\"\xff\"}", "valid JSON"));
  BOOST_TEST(refused(R"({"a":"\ud800"})", "valid JSON"));
  BOOST_TEST(refused(R"({"a\u0000b":1})", "null character"));
  BOOST_TEST(refused(R"({"_id":1})", "_id"));
  BOOST_TEST(refused(R"({"a":1,"a":2})", "occurs twice"));
  BOOST_TEST(refused(R"({"b":{"a":1,"a":2}})", "occurs twice"));
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"n" + std::to_string(i) + "\":1,";
  BOOST_TEST(refused(many + R"("n50":1})", "'n50' occurs twice"));
  BOOST_TEST(converted(many + R"("n100":1})").starts_with("{ \"n0\""));
}

BOOST_AUTO_TEST_CASE(nesting_is_limited) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "{\"a\":";
    return text + "1" + std::string(static_cast<std::size_t>(depth), '}');
  };
  BOOST_TEST(converted(nested(100)).starts_with("{"));
  BOOST_TEST(refused(nested(101), "100 levels"));
  BOOST_TEST(refused(nested(5000), "e"));
  BOOST_TEST(refused(R"({"a":)" + std::string(200, '[') + std::string(200, ']') + "}", "100 levels"));
}

BOOST_AUTO_TEST_CASE(dates_and_reserved_names_at_the_top_only) {
  BOOST_TEST(
      converted(R"({"time":1700000000123,"in":{"time":1}})", {"time"}) ==
      R"({ "time" : { "$date" : { "$numberLong" : "1700000000123" } }, "in" : { "time" : { "$numberLong" : "1" } } })");
  BOOST_TEST(converted(R"({"time":null})", {"time"}) == R"({ "time" : null })");
  BOOST_TEST(converted(R"({"time":"soon"})", {"time"}).starts_with("the field 'time' must be a date"));
  BOOST_TEST(converted(R"({"kafka":1})", {}, "kafka").starts_with("the value has a field 'kafka'"));
  BOOST_TEST(converted(R"({"a":{"kafka":1,"_id":2}})", {}, "kafka").starts_with("{ \"a\""));
}

BOOST_AUTO_TEST_CASE(buffers_are_used_again) {
  JsonToBson convert({});
  for (const std::string json : {R"({"long":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"})", "bad", R"({"a":1})"}) {
    bson_t document;
    bson_init(&document);
    BOOST_TEST(convert.append(document, json, {}).empty() == (json != "bad"));
    bson_destroy(&document);
  }
}

BOOST_AUTO_TEST_SUITE_END()
