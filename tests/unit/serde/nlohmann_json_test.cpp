// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/serde/nlohmann_json.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "json_model.hpp"
#include "millrace/serde/list.hpp"
#include "serde_fixture.hpp"

namespace park {

struct Animal {
  std::string name;
  int legs = 0;
  bool operator==(const Animal&) const = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Animal, name, legs)

struct Event {
  std::string kind;
  nlohmann::json payload;
};
MILLRACE_JSON(Event, kind, payload)

struct Opaque {};

}  // namespace park

namespace millrace::test {

static_assert(HasSerde<nlohmann::json> && HasSerde<park::Animal> && HasSerde<std::map<std::string, double>>);
static_assert(HasSerde<shop::Variation> && HasSerde<std::vector<int>> && HasSerde<std::string> && HasSerde<bool>);
static_assert(!HasSerde<park::Opaque> && !HasSerde<unsigned>);

BOOST_AUTO_TEST_SUITE(NlohmannJson)

BOOST_AUTO_TEST_CASE(values_of_any_shape_come_back) {
  for (std::string_view text : {R"({"a":[1,2.5,null,"x"],"b":{}})", "null", "3", "\"s\"", "[]"}) {
    BOOST_TEST(*encode(decode<nlohmann::json>(text)) == text);
  }
}

BOOST_AUTO_TEST_CASE(types_with_nlohmann_functions_have_a_serde) {
  park::Animal animal{"ant", 6};
  BOOST_TEST(*encode(animal) == R"({"legs":6,"name":"ant"})");
  BOOST_CHECK(decode<park::Animal>(R"({"name":"ant","legs":6})") == animal);
  BOOST_TEST((*encode(std::map<std::string, double>{{"x", 1}}) == R"({"x":1.0})"));
}

BOOST_AUTO_TEST_CASE(equal_sets_have_equal_bytes) {
  std::unordered_set<int> up, down, roomy;
  std::unordered_map<int, int> map;
  roomy.reserve(1000);
  for (int i = 0; i < 100; ++i) {
    up.insert(7 * i);
    down.insert(7 * (99 - i));
    roomy.insert(7 * i);
    map[7 * i] = 1;
  }
  const std::unordered_map<int, int> roomy_map(map.begin(), map.end(), 1000);
  BOOST_CHECK(up == down && up == roomy && map == roomy_map);
  BOOST_TEST(*encode(down) == *encode(up));
  BOOST_TEST(*encode(roomy) == *encode(up));
  BOOST_TEST(*encode(roomy_map) == *encode(map));
  BOOST_TEST((*encode(std::unordered_set<int>{3, 1, 2}) == "[1,2,3]"));
}

BOOST_AUTO_TEST_CASE(a_declared_struct_keeps_its_own_serde) {
  BOOST_TEST(*encode(shop::Variation{"x", 1, 2}) == R"({"id":"x","variation_ex":1.0,"variation_in":2.0})");
  BOOST_TEST(decode_error<shop::Variation>("{}").starts_with("JSON: field \"id\" of Variation is missing"));
  BOOST_TEST(encode_hex(std::vector<std::int32_t>{1}) ==
             "00"
             "00000000"
             "00000001"
             "00000001");
}

BOOST_AUTO_TEST_CASE(a_declared_struct_may_hold_a_part_of_unknown_shape) {
  for (std::string_view payload : {R"({"a":[1,{"b":"}"}]})", "[]", "null", "-1.5", R"("te\"xt")", "true"}) {
    std::string text = R"({"kind":"k","payload":)" + std::string(payload) + "}";
    BOOST_TEST(to_json_string(from_json_string<park::Event>(text)) == text);
  }
  std::string error = error_of([] { (void)from_json_string<park::Event>(R"({"payload":[1,x],"kind":"k"})"); });
  BOOST_TEST(error.starts_with("JSON: "));
}

BOOST_AUTO_TEST_CASE(errors_are_serialization_exceptions) {
  BOOST_TEST(decode_error<nlohmann::json>("{").find("unexpected end of input") != std::string::npos);
  BOOST_TEST(decode_error<park::Animal>(R"({"name":"ant"})").find("'legs' not found") != std::string::npos);
  BOOST_TEST(decode_error<park::Animal>(R"({"name":1,"legs":2})").find("type must be string") != std::string::npos);
  BOOST_TEST(decode_error<nlohmann::json>("\"\xff\"").find("UTF-8") != std::string::npos);
  BOOST_TEST(error_of([] { (void)encode(nlohmann::json("\xff")); }).find("UTF-8") != std::string::npos);
  BOOST_TEST(error_of([] { (void)encode(park::Animal{"\xff", 1}); }).find("UTF-8") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(nesting_is_limited) {
  auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  BOOST_CHECK_NO_THROW((void)decode<nlohmann::json>(nested(kMaxJsonDepth)));
  BOOST_TEST(decode_error<nlohmann::json>(nested(kMaxJsonDepth + 2)) == "JSON: nested deeper than 256 levels");
  BOOST_TEST(decode_error<nlohmann::json>(nested(1'000'000)) == "JSON: nested deeper than 256 levels");
  std::string wide = "[" + std::string(1000, ' ');
  for (int i = 0; i < 1000; ++i) wide += "[],";
  BOOST_CHECK_NO_THROW((void)decode<nlohmann::json>(wide + "[]]"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
