// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <vector>

#include "json_model.hpp"
#include "serde_fixture.hpp"

namespace millrace::test {

using namespace shop;

BOOST_AUTO_TEST_SUITE(JsonErrors)

template <class T>
std::string reading(std::string_view text) {
  return error_of([&] { (void)from_json_string<T>(text); });
}

template <class T>
std::string writing(const T& value) {
  return error_of([&] { (void)to_json_string(value); });
}

BOOST_AUTO_TEST_CASE(a_wrong_type_names_field_found_type_and_position) {
  BOOST_TEST(reading<Variation>(R"({"id":"x","variation_ex":"0.5","variation_in":1})") ==
             "JSON: field \"variation_ex\": expected a number, found a string, at byte 25 of "
             "'{\"id\":\"x\",\"variation_ex\":\"0.5\",\"variation_in\":1}'");
  BOOST_TEST(reading<Variation>(R"({"id":null})") ==
             "JSON: field \"id\": expected a string, found null, at byte 6 of '{\"id\":null}'");
  BOOST_TEST(reading<Variation>("[]") == "JSON: expected an object, found an array, at byte 0 of '[]'");
  BOOST_TEST(reading<std::vector<int>>("  {}") == "JSON: expected an array, found an object, at byte 2 of '  {}'");
  BOOST_TEST(reading<Variation>(R"("text")") == "JSON: expected an object, found a string, at byte 0 of '\"text\"'");
  BOOST_TEST(reading<Variation>("null").starts_with("JSON: expected an object, found null"));
  BOOST_TEST(reading<Variation>("12").starts_with("JSON: expected an object, found the number 12"));
  BOOST_TEST(reading<std::vector<bool>>("[true,0]")
                 .starts_with("JSON: field \"[1]\": expected a boolean, found the number 0, at byte 6"));
  BOOST_TEST(reading<Variation>(R"({"id":nonsense})")
                 .starts_with("JSON: field \"id\": expected a string, found 'nonsense', at byte 6"));
}

BOOST_AUTO_TEST_CASE(a_nested_field_is_named_with_its_path) {
  const std::string start = R"({"origin":"","id":"","urgent":false,)";
  BOOST_TEST(reading<Order>(start + R"("legs":[{"price":1},{"price":true}]})")
                 .starts_with("JSON: field \"legs[1].price\": expected a number, found a boolean"));
  BOOST_TEST(reading<Order>(start + R"("legs":[{"price":1},{"count":2}]})")
                 .starts_with("JSON: field \"legs[1].price\" of Leg is missing in '"));
  BOOST_TEST(
      reading<Order>(start + R"("groups":{"a":[],"b":[1,2,"3"]}})")
          .starts_with(
              "JSON: field \"groups.b[2]\": expected an integer from -2147483648 to 2147483647, found a string"));
  BOOST_TEST(reading<Order>(start + R"("pair":["a"]})")
                 .starts_with("JSON: field \"pair\": expected 2 elements, found 1, at byte "));
  BOOST_TEST(reading<Order>(start + R"("pair":["a","b","c"]})")
                 .starts_with("JSON: field \"pair\": expected 2 elements, found 3, at byte "));
  BOOST_TEST(reading<Order>(start + R"("SIDE":"short"})")
                 .starts_with("JSON: field \"SIDE\": expected one of \"buy\", \"SELL\", found \"short\", at byte "));
}

BOOST_AUTO_TEST_CASE(a_missing_field_is_named) {
  BOOST_TEST(reading<Variation>(R"({"id":"x","variation_ex":0.5})") ==
             "JSON: field \"variation_in\" of Variation is missing in '{\"id\":\"x\",\"variation_ex\":0.5}'");
  BOOST_TEST(reading<Buy>("{}") == "JSON: field \"A_ID\" of Buy is missing in '{}'");
}

BOOST_AUTO_TEST_CASE(a_number_that_does_not_fit_is_refused) {
  auto with = [](std::string_view name, std::string_view number) {
    std::string text = "{";
    for (std::string_view field : {"i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f", "d"}) {
      text.append(text == "{" ? "\"" : ",\"").append(field).append("\":").append(field == name ? number : "0");
    }
    return text + "}";
  };
  BOOST_CHECK_NO_THROW((void)from_json_string<Numbers>(with("", "")));
  struct Case {
    std::string_view field, number;
  };
  for (const auto& [field, number] : {Case{"i8", "128"},
                                      Case{"i8", "-129"},
                                      Case{"u8", "256"},
                                      Case{"u8", "-1"},
                                      Case{"i16", "32768"},
                                      Case{"u16", "65536"},
                                      Case{"i32", "2147483648"},
                                      Case{"i32", "1.0"},
                                      Case{"i32", "1e2"},
                                      Case{"u32", "4294967296"},
                                      Case{"i64", "9223372036854775808"},
                                      Case{"i64", "-9223372036854775809"},
                                      Case{"u64", "18446744073709551616"},
                                      Case{"u64", "-1"},
                                      Case{"f", "1e39"},
                                      Case{"d", "1e309"},
                                      Case{"d", "01"},
                                      Case{"d", "1."},
                                      Case{"d", "-"},
                                      Case{"d", "NaN"},
                                      Case{"d", "Infinity"},
                                      Case{"d", "+1"},
                                      Case{"d", ".5"},
                                      Case{"i32", "00"},
                                      Case{"d", "0x10"}}) {
    std::string text = reading<Numbers>(with(field, number));
    BOOST_TEST(text.starts_with("JSON: field \"" + std::string(field) + "\": "), text);
    BOOST_TEST(text.find(number) != text.npos, text);
  }
  BOOST_TEST(
      reading<Numbers>(with("i8", "300"))
          .starts_with("JSON: field \"i8\": expected an integer from -128 to 127, found the number 300, at byte 6"));
  BOOST_TEST(reading<Numbers>(with("d", "1e999"))
                 .starts_with("JSON: field \"d\": the number 1e999 is malformed or out of range, at byte "));
}

BOOST_AUTO_TEST_CASE(broken_documents_are_refused) {
  for (std::string_view text : {
           "",
           "   \n",
           "{",
           "}",
           "{]",
           "[",
           "nul",
           "{\"id\"",
           "{\"id\":",
           "{\"id\":}",
           "{\"id\":\"x}",
           "{id:\"x\"}",
           "{'id':'x'}",
           R"({"id":"x" "variation_ex":1,"variation_in":2})",
           R"({"id":"x",,"variation_ex":1,"variation_in":2})",
           R"({"id":"x","variation_ex":1,"variation_in":2)",
           R"({"id":"x","variation_ex":1,"variation_in":2]})",
           R"({"id":"x","variation_ex":1,"variation_in":2},)",
           R"({"id":"x","variation_ex":1,"variation_in":2,})",
           R"({"id":"x","variation_ex":1,"variation_in":2}{})",
           R"({"id":"x","variation_ex":1,"variation_in":2} x)",
           R"({"id":"x","variation_ex":1,"variation_in":2}})",
           R"(x{"id":"x","variation_ex":1,"variation_in":2})",
           R"({"id":"\x","variation_ex":1,"variation_in":2})",
           R"({"id":"\u12","variation_ex":1,"variation_in":2})",
           R"({"id":"\ud800","variation_ex":1,"variation_in":2})",
           R"({"id":"\udc00","variation_ex":1,"variation_in":2})",
           "{\"id\":\"a\nb\",\"variation_ex\":1,\"variation_in\":2}",
           "\xef\xbb\xbf{}",
           R"({"id":"x","variation_ex":1 2,"variation_in":2})",
           R"({"id":"x","variation_ex":tru,"variation_in":2})",
       }) {
    BOOST_TEST(reading<Variation>(text).starts_with("JSON: "), text);
  }
  for (std::string_view text : {"[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]]", "[1][", "[1}", "]"}) {
    BOOST_TEST(reading<std::vector<int>>(text).starts_with("JSON: "), text);
  }
}

BOOST_AUTO_TEST_CASE(a_document_that_ends_in_a_zero_byte_is_refused) {
  std::string text = R"({"A_ID":"x"})";
  text += '\0';
  BOOST_TEST(reading<Buy>(text).starts_with("JSON: "));
}

BOOST_AUTO_TEST_CASE(invalid_utf8_is_refused_wherever_it_is) {
  BOOST_TEST(reading<Buy>("{\"A_ID\":\"a\xff\"}") == "JSON: not UTF-8, at byte 10 of '{\"A_ID\":\"a\\xff\"}'");
  BOOST_TEST(reading<Buy>("{\"A_ID\":\"a\",\"ignored\":\"\xc3\"}").starts_with("JSON: not UTF-8, at byte "));
}

BOOST_AUTO_TEST_CASE(nesting_is_limited) {
  auto tree = [](std::size_t levels) {  // two levels of brackets each
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += R"({"children":[)";
    for (std::size_t i = 0; i < levels; ++i) text += "]}";
    return text;
  };
  BOOST_CHECK_NO_THROW((void)from_json_string<Tree>(tree(kMaxJsonDepth / 2)));
  BOOST_TEST(reading<Tree>(tree(kMaxJsonDepth / 2 + 1)).starts_with("JSON: nested deeper than 256 levels, in '{"));
  BOOST_TEST(reading<Tree>(tree(1'000'000)).starts_with("JSON: nested deeper than 256 levels"));

  Tree deep;
  for (std::size_t i = 0; i < kMaxJsonDepth; ++i) {
    Tree parent;
    parent.children.push_back(std::move(deep));
    deep = std::move(parent);
  }
  BOOST_TEST(writing(deep).find("nested deeper than 256 levels") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(deep_nesting_in_an_ignored_field_does_no_harm) {
  std::string text = R"({"ignored":)" + std::string(100'000, '[') + std::string(100'000, ']') + R"(,"A_ID":"x"})";
  BOOST_TEST(from_json_string<Buy>(text).a_id == "x");
}

BOOST_AUTO_TEST_CASE(long_documents_are_quoted_in_part) {
  std::string text = reading<Buy>(R"({"A_ID":1,"rest":")" + std::string(1000, 'z') + "\"}");
  BOOST_TEST(text.size() < 200U);
  BOOST_TEST(text.ends_with("zzz...'"));
}

BOOST_AUTO_TEST_CASE(numbers_without_json_form_are_refused_when_written) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  BOOST_TEST(writing(Variation{"x", kNan, 0}) ==
             "JSON: field \"variation_ex\": NaN has no JSON form: use std::optional for values that may be unknown");
  BOOST_TEST(
      writing(Variation{"x", 0, -kInfinity}).starts_with("JSON: field \"variation_in\": infinity has no JSON form"));
  BOOST_TEST(writing(std::vector<Leg>{{1, 1, {}}, {kNan, 1, {}}}).starts_with("JSON: field \"[1].price\": NaN"));
  BOOST_TEST(writing(std::vector<float>{std::numeric_limits<float>::infinity()}).starts_with("JSON: field \"[0]\": "));
}

BOOST_AUTO_TEST_CASE(text_and_enumerators_without_json_form_are_refused_when_written) {
  BOOST_TEST(writing(Buy{"ab\xff"}) == "JSON: field \"A_ID\": not UTF-8 from byte 2 of 'ab\\xff'");
  BOOST_TEST(writing(std::map<std::string, int>{{"\xc3", 1}}).find("not UTF-8") != std::string::npos);
  Order order;
  order.side = Side::hold;
  BOOST_TEST(writing(order) == "JSON: field \"SIDE\": the value 2 is not one of MILLRACE_JSON_ENUM(Side, ...)");
}

BOOST_AUTO_TEST_CASE(after_an_error_the_next_document_is_read_as_ever) {
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(!reading<Variation>(R"({"id":"x","variation_ex":[1,2)").empty());
    BOOST_TEST(from_json_string<Buy>(R"({"A_ID":"x"})").a_id == "x");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
