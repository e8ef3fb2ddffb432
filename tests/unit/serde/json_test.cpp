// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/serde/json.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "json_model.hpp"
#include "serde_fixture.hpp"

struct AtGlobalScope {
  int x = 0;
};
MILLRACE_JSON(AtGlobalScope, x)

namespace {

struct Unnamed {
  int x = 0;
};
MILLRACE_JSON(Unnamed, x);  // a semicolon does no harm

struct Day {
  int number = 0;
};

struct Nested {
  std::string text;
  Day day;
};

}  // namespace

/// A custom codec that parses another document while one is being read.
template <>
struct millrace::JsonCodec<Day> {
  static void read(JsonReader& in, Day& out) {
    std::string text;
    in.read(text);
    out.number = from_json_string<Unnamed>(text).x;
  }
  static void write(JsonWriter& out, const Day& day) { out.write(to_json_string(Unnamed{day.number})); }
};

namespace {
MILLRACE_JSON(Nested, day, text)
}

namespace millrace::test {

using namespace shop;

static_assert(HasSerde<Variation> && HasSerde<std::optional<Order>> && HasSerde<Unnamed>);

BOOST_AUTO_TEST_SUITE(Json)

// An unordered map may be a part of a key. Its iteration order depends on earlier insertions.
BOOST_AUTO_TEST_CASE(equal_maps_have_equal_bytes) {
  std::unordered_map<std::string, int> up, down, roomy;
  roomy.reserve(1000);
  for (int i = 0; i < 20; ++i) {
    up["k" + std::to_string(i)] = i;
    down["k" + std::to_string(19 - i)] = 19 - i;
    roomy["k" + std::to_string(i)] = i;
  }
  BOOST_CHECK(up == down && up == roomy);
  const std::map<std::string, int> sorted(up.begin(), up.end());
  for (const auto& map : {up, down, roomy}) BOOST_TEST(to_json_string(map) == to_json_string(sorted));
}

BOOST_AUTO_TEST_CASE(a_struct_reads_and_writes) {
  Variation variation{"AAPL@2012-01-03", 0.0215, -0.5};
  const std::string text = R"({"id":"AAPL@2012-01-03","variation_ex":0.0215,"variation_in":-0.5})";
  BOOST_TEST(*encode(variation) == text);
  BOOST_CHECK(decode<Variation>(text) == variation);
  BOOST_TEST(to_json_string(AtGlobalScope{3}) == R"({"x":3})");
  BOOST_TEST(from_json_string<Unnamed>(R"({"x":-4})").x == -4);
}

BOOST_AUTO_TEST_CASE(a_field_may_have_another_name_in_json) {
  BOOST_TEST(to_json_string(Buy{"AAPL"}) == R"({"A_ID":"AAPL"})");
  BOOST_TEST(from_json_string<Buy>(R"({"A_ID":"AAPL"})").a_id == "AAPL");
}

BOOST_AUTO_TEST_CASE(fields_come_in_any_order_and_with_white_space) {
  Variation expected{"x", 1, 2};
  for (std::string_view text : {R"({"variation_in":2,"variation_ex":1,"id":"x"})",
                                "\t{ \"id\" : \"x\" ,\r\n\"variation_in\":2 , \"variation_ex\" :1 }\n ",
                                R"({"\u0069d":"x","variation\u005fex":1,"variation_in":2})"}) {
    BOOST_CHECK_MESSAGE(from_json_string<Variation>(text) == expected, text);
  }
}

BOOST_AUTO_TEST_CASE(fields_that_are_not_declared_are_ignored) {
  Variation expected{"x", 1, 2};
  for (std::string_view text : {
           R"({"i":0,"id":"x","ida":[1,{"id":"y"}],"variation_ex":1,"":null,"variation_in":2,"z":"\"}"})",
           R"({"id\"":1,"id":"x","variation_ex":1,"variation_in":2,"deep":{"a":{"b":[[[{}]]]}}})",
           R"({"ID":"y","variation_exx":5,"id":"x","variation_ex":1,"variation_in":2})",
       }) {
    BOOST_CHECK_MESSAGE(from_json_string<Variation>(text) == expected, text);
  }
}

BOOST_AUTO_TEST_CASE(the_last_of_two_equal_names_wins) {
  BOOST_CHECK(
      (from_json_string<Variation>(R"({"id":"a","id":"b","variation_ex":1,"variation_in":2,"variation_ex":3})") ==
       Variation{"b", 3, 2}));
  auto leg = from_json_string<std::map<std::string, Leg>>(R"({"a":{"price":1,"count":2,"venue":"V"},"a":{"price":3}})");
  BOOST_CHECK((leg["a"] == Leg{3, 1, std::nullopt}));
}

BOOST_AUTO_TEST_CASE(optional_and_defaulted_fields_may_be_missing) {
  BOOST_CHECK((from_json_string<Leg>(R"({"price":1})") == Leg{1, 1, std::nullopt}));
  BOOST_CHECK((from_json_string<Leg>(R"({"price":1,"venue":null,"count":5})") == Leg{1, 5, std::nullopt}));
  BOOST_CHECK((from_json_string<Leg>(R"({"price":1,"venue":"N"})") == Leg{1, 1, "N"}));
  BOOST_TEST(to_json_string(Leg{1, 1, std::nullopt}) == R"({"price":1.0,"count":1})");
  BOOST_TEST(to_json_string(Leg{1, 1, ""}) == R"({"price":1.0,"count":1,"venue":""})");
  BOOST_TEST(error_of([] { (void)from_json_string<Leg>(R"({"price":1,"count":null})"); }).find("found null") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(members_of_every_kind_come_back) {
  Order order;
  order.origin = "web";
  order.id = "o\"1\"\n";
  order.urgent = true;
  order.legs = {{1.25, 2, "N"}, {-3, 1, std::nullopt}};
  order.weights = {{"", 0.5}, {"é\\", -1}};
  order.groups = {{"g", {1, -2}}};
  order.pair = {"a", "b"};
  order.side = Side::sell;
  order.hedge = Leg{9, 9, std::nullopt};
  order.flags = {true, false};
  order.gaps = {1, std::nullopt};
  const std::string text =
      R"({"origin":"web","id":"o\"1\"\n","urgent":true,"legs":[{"price":1.25,"count":2,"venue":"N"},{"price":-3.0,"count":1}],)"
      R"("weights":{"":0.5,"é\\":-1.0},"groups":{"g":[1,-2]},"pair":["a","b"],"SIDE":"SELL",)"
      R"("hedge":{"price":9.0,"count":9},"first":{"price":1.5,"count":7,"venue":"X"},"flags":[true,false],"gaps":[1,null]})";
  BOOST_TEST(to_json_string(order) == text);
  BOOST_TEST(to_json_string(from_json_string<Order>(text)) == text);
}

BOOST_AUTO_TEST_CASE(a_missing_struct_keeps_its_initialiser_and_a_present_one_has_its_own_defaults) {
  const std::string rest = R"("origin":"","id":"","urgent":false,"legs":[],"weights":{},"groups":{},"pair":["",""])";
  BOOST_CHECK((from_json_string<Order>("{" + rest + "}").first == Leg{1.5, 7, "X"}));
  BOOST_CHECK((from_json_string<Order>("{" + rest + R"(,"first":{"price":2}})").first == Leg{2, 1, std::nullopt}));
}

BOOST_AUTO_TEST_CASE(integers_are_exact_at_their_limits) {
  Numbers low{-128, 0, -32768, 0, std::numeric_limits<int>::min(), 0, std::numeric_limits<std::int64_t>::min(),
              0,    0, 0};
  Numbers high{127,
               255,
               32767,
               65535,
               std::numeric_limits<int>::max(),
               std::numeric_limits<std::uint32_t>::max(),
               std::numeric_limits<std::int64_t>::max(),
               std::numeric_limits<std::uint64_t>::max(),
               0,
               0};
  BOOST_CHECK(from_json_string<Numbers>(to_json_string(low)) == low);
  BOOST_CHECK(from_json_string<Numbers>(to_json_string(high)) == high);
  BOOST_TEST(to_json_string(high).find(R"("i64":9223372036854775807,"u64":18446744073709551615)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_integer_is_a_fine_floating_point_number) {
  BOOST_TEST(from_json_string<std::vector<double>>("[1,-0,123456789012345678]") ==
                 (std::vector<double>{1, -0.0, 123456789012345678.0}),
             boost::test_tools::per_element());
  BOOST_TEST(std::signbit(from_json_string<std::vector<double>>("[-0.0]")[0]));
}

BOOST_AUTO_TEST_CASE(a_float_is_the_one_nearest_to_the_text) {
  // Converted to double, the number is half way between two floats. Conversion to float would then give the lower
  // float.
  BOOST_TEST(from_json_string<std::vector<float>>("[1.00000005960464477539062500001]")[0] ==
             std::nextafter(1.0F, 2.0F));
  BOOST_TEST(from_json_string<std::vector<float>>("[3.4028235677973366e38]")[0] == std::numeric_limits<float>::max());
  BOOST_TEST(from_json_string<std::vector<float>>("[1e-60,-0.0]")[0] == 0.0F);
  BOOST_CHECK_THROW((void)from_json_string<std::vector<float>>("[3.5e38]"), SerializationException);
  BOOST_CHECK_THROW((void)from_json_string<std::vector<float>>("[1e400]"), SerializationException);
}

BOOST_AUTO_TEST_CASE(strings_are_escaped_as_json_asks) {
  std::vector<std::string> strings{"\"\\/\b\f\n\r\t", std::string("\0\x1f\x7f", 3), "é中😀", "", std::string(5000, '"')};
  std::string text = to_json_string(strings);
  BOOST_TEST(text.starts_with(R"(["\"\\/\b\f\n\r\t","\u0000\u001f)"
                              "\x7f\",\"é中😀\",\"\",\"\\\"\\\""));
  BOOST_CHECK(from_json_string<std::vector<std::string>>(text) == strings);
  BOOST_TEST(from_json_string<std::vector<std::string>>(R"(["\u00e9\ud83d\ude00\/"])")[0] == "é😀/");
}

BOOST_AUTO_TEST_CASE(large_values_cross_the_writers_buffer) {
  for (std::size_t size : {1000, 1020, 1021, 1022, 1023, 1024, 1025, 2000, 100000}) {
    Variation variation{std::string(size, 'x'), 0.5, 0.25};
    BOOST_CHECK(from_json_string<Variation>(to_json_string(variation)) == variation);
    variation.id.back() = '\n';
    BOOST_CHECK(from_json_string<Variation>(to_json_string(variation)) == variation);
  }
}

BOOST_AUTO_TEST_CASE(a_document_of_ten_megabytes_is_fine) {
  std::vector<Variation> many(150000, Variation{"AAPL@2012-01-03", 0.0215, -0.5});
  std::string text = to_json_string(many);
  BOOST_TEST(text.size() > 10'000'000U);
  BOOST_CHECK(from_json_string<std::vector<Variation>>(text) == many);
  Buy buy{std::string(12'000'000, 'y')};
  BOOST_CHECK(from_json_string<Buy>(to_json_string(buy)) == buy);
  BOOST_CHECK((from_json_string<Buy>(R"({"A_ID":"small again"})") == Buy{"small again"}));
}

BOOST_AUTO_TEST_CASE(many_fields_and_strange_names_work) {
  Seventy many;
  many.a0 = 1;
  many.g9 = 2;
  Seventy back = from_json_string<Seventy>(to_json_string(many));
  BOOST_TEST(back.a0 == 1);
  BOOST_TEST(back.g9 == 2);
  BOOST_TEST(error_of([] { (void)from_json_string<Seventy>(R"({"a0":1})"); }).find("\"a1\" of Seventy is missing") !=
             std::string::npos);

  std::string strange = to_json_string(Strange{1, 2, 3});
  BOOST_TEST(strange.starts_with(R"({"a \"quoted\\ name\"":1,"é":2,"a name so long)"));
  BOOST_TEST(to_json_string(from_json_string<Strange>(strange)) == strange);
  BOOST_TEST(to_json_string(from_json_string<Empty>(R"({"x":1})")) == "{}");
}

BOOST_AUTO_TEST_CASE(a_codec_may_parse_a_document_of_its_own) {
  Nested nested{"after", {42}};
  std::string text = to_json_string(nested);
  BOOST_TEST(text == R"({"day":"{\"x\":42}","text":"after"})");
  Nested back = from_json_string<Nested>(text);
  BOOST_TEST(back.day.number == 42);
  BOOST_TEST(back.text == "after");
}

BOOST_AUTO_TEST_CASE(a_json_serde_can_be_given_for_types_with_another_serde) {
  AnySerde<std::vector<int>> serde = JsonSerde<std::vector<int>>();
  BOOST_TEST(*encode<std::vector<int>>({1, 2}, serde) == "[1,2]");
  BOOST_CHECK((serde.deserialize("t", "[1,2]") == std::vector<int>{1, 2}));
}

BOOST_AUTO_TEST_CASE(threads_do_not_disturb_each_other) {
  std::vector<std::thread> threads;
  std::vector<int> failures(4);
  for (std::size_t t = 0; t < failures.size(); ++t) {
    threads.emplace_back([&failures, t] {
      for (int i = 0; i < 2000; ++i) {
        Variation variation{std::string(t * 50, 'x') + std::to_string(i), i * 0.1, -i * 0.3};
        if (from_json_string<Variation>(to_json_string(variation)) != variation) ++failures[t];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (int count : failures) BOOST_TEST(count == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
