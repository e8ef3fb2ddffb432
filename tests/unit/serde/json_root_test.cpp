// SPDX-License-Identifier: Apache-2.0
// Documents whose root is a scalar, as ksqlDB writes them with KEY_FORMAT='JSON'.
#define BOOST_TEST_DYN_LINK
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "json_model.hpp"
#include "millrace/serde/nlohmann_json.hpp"
#include "serde_fixture.hpp"
#include "support/repetitions.hpp"

namespace millrace::test {
namespace {

using S = std::string;
using namespace shop;

template <class T>
T read(std::string_view text) {
  // A separate copy, so that the address sanitizer sees a read beyond the end.
  const std::vector<char> bytes(text.begin(), text.end());
  return JsonSerde<T>().deserialize({bytes.data(), bytes.size()});
}

template <class T>
S error(std::string_view text) {
  return error_of([&] { (void)read<T>(text); });
}

/// Reads `text` as a T, and compares with nlohmann::json. Whatever T accepts, nlohmann::json must accept, with the same
/// value.
template <class T>
void compare_with_nlohmann(const S& text) {
  std::optional<T> ours;
  try {
    ours = read<T>(text);
  } catch (const SerializationException& refused) {
    BOOST_REQUIRE(S(refused.what()).starts_with("JSON: "));
    return;
  }
  BOOST_REQUIRE_MESSAGE(nlohmann::json::accept(text), text);
  BOOST_REQUIRE_MESSAGE(nlohmann::json::parse(text).get<T>() == *ours, text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(JsonRoot)

BOOST_AUTO_TEST_CASE(may_be_a_scalar) {
  BOOST_TEST(read<S>(R"("c1")") == "c1");
  BOOST_TEST(read<S>(R"( "a\u00e9\n" )") == "a\u00e9\n");
  BOOST_TEST(read<S>(R"("]")") == "]");
  BOOST_TEST(read<S>(R"("")").empty());
  BOOST_TEST(read<std::int64_t>("5") == 5);
  BOOST_TEST(read<std::int64_t>("-9223372036854775808\n") == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(read<std::uint64_t>("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  BOOST_TEST(read<double>("-1.5e3") == -1500);
  BOOST_TEST(read<float>("0.1") == 0.1F);
  BOOST_TEST(read<bool>("true"));
  BOOST_CHECK(read<Side>(R"("buy")") == Side::buy);
  BOOST_CHECK(!read<std::optional<S>>("null"));
  BOOST_CHECK(read<std::optional<S>>(R"("x")") == "x");
  BOOST_CHECK(!read<std::optional<std::vector<int>>>(" null"));
  BOOST_CHECK(read<std::optional<std::vector<int>>>("[1]") == std::vector<int>{1});
  BOOST_CHECK(read<nlohmann::json>("1.5") == nlohmann::json(1.5));
  BOOST_TEST(from_json_string<S>(R"("c1")") == "c1");
}

BOOST_AUTO_TEST_CASE(is_written_as_it_is_read) {
  const auto written = [](const auto& value) {
    S out;
    JsonSerde<std::remove_cvref_t<decltype(value)>>().serialize(value, out);
    return out;
  };
  BOOST_TEST(written(S("c\"1")) == R"("c\"1")");
  BOOST_TEST(written(std::int64_t{5}) == "5");
  BOOST_TEST(written(1.5) == "1.5");
  BOOST_TEST(written(false) == "false");
  BOOST_TEST(written(std::optional<S>()) == "null");
  BOOST_TEST(to_json_string(S("x")) == R"("x")");
}

BOOST_AUTO_TEST_CASE(of_another_type_is_refused_with_its_position) {
  BOOST_TEST(error<S>("5") == "JSON: expected a string, found the number 5, at byte 0 of '5'");
  BOOST_TEST(error<S>(" null").starts_with("JSON: expected a string, found null, at byte 1 of"));
  BOOST_TEST(error<S>("{}") == "JSON: expected a string, found an object, at byte 0 of '{}'");
  BOOST_TEST(error<S>("[]") == "JSON: expected a string, found an array, at byte 0 of '[]'");
  BOOST_TEST(error<bool>("{}") == "JSON: expected a boolean, found an object, at byte 0 of '{}'");
  BOOST_TEST(error<double>("[]") == "JSON: expected a number, found an array, at byte 0 of '[]'");
  BOOST_TEST(error<float>("{}") == "JSON: expected a number, found an object, at byte 0 of '{}'");
  BOOST_TEST(error<std::uint64_t>("[1]").starts_with(
      "JSON: expected an integer from 0 to 18446744073709551615, found an array"));
  BOOST_TEST(error<Side>("{}") == "JSON: expected a string, found an object, at byte 0 of '{}'");
  BOOST_TEST(error<std::int64_t>("1.5").starts_with("JSON: expected an integer"));
  BOOST_TEST(error<std::int64_t>(R"("5")").find("found a string") != S::npos);
  BOOST_TEST(error<Variation>(R"("text")") == "JSON: expected an object, found a string, at byte 0 of '\"text\"'");
  BOOST_TEST(error<std::vector<int>>("5") == "JSON: expected an array, found the number 5, at byte 0 of '5'");
}

BOOST_AUTO_TEST_CASE(is_followed_by_nothing) {
  for (const char* text : {"5 6", "5,6", "5]", "5] [6", "5}", "\"a\" x", "\"a\"]", "5,", "]", ",5", "5[", "5]]"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_CHECK_THROW((void)read<std::int64_t>(text), SerializationException);
      BOOST_CHECK_THROW((void)read<S>(text), SerializationException);
      BOOST_CHECK_THROW((void)read<nlohmann::json>(text), SerializationException);
    }
  }
  BOOST_TEST(error<std::int64_t>("5 6").find("expected the end of the document") != S::npos);
  BOOST_TEST(error<std::int64_t>("5,6").find("expected the end of the document") != S::npos);
  for (const char* text : {"", " ", "nul", "tru", "\"a", "-", "+5", "05", "'a'", "NaN", "\xff"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_CHECK_THROW((void)read<std::int64_t>(text), SerializationException);
      BOOST_CHECK_THROW((void)read<S>(text), SerializationException);
      BOOST_CHECK_THROW((void)read<std::optional<bool>>(text), SerializationException);
    }
  }
}

BOOST_AUTO_TEST_CASE(of_random_text_is_read_as_nlohmann_reads_it_or_refused) {
  std::mt19937_64 random(std::random_device{}());
  const std::array<std::string_view, 26> pieces{"\"", "a",    "\\n",  "\\u00e9", "\\", "5",      "-", "0", ".5",
                                                "e3", "null", "true", "false",   "[",  "]",      "{", "}", ",",
                                                ":",  " ",    "é",    "\n",      "1",  "\"id\"", "9", "x"};
  for (int i = 0; i < repetitions(30'000); ++i) {
    S text;
    for (std::size_t n = 1 + random() % 6; n > 0; --n) text += pieces[random() % pieces.size()];
    BOOST_TEST_CONTEXT(text) {
      compare_with_nlohmann<S>(text);
      compare_with_nlohmann<double>(text);
      compare_with_nlohmann<bool>(text);
      compare_with_nlohmann<std::int64_t>(text);
      compare_with_nlohmann<std::vector<S>>(text);
      compare_with_nlohmann<nlohmann::json>(text);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
