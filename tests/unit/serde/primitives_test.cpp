// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/serde/primitives.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "millrace/serde/uuid.hpp"
#include "serde_fixture.hpp"

namespace millrace::test {

BOOST_AUTO_TEST_SUITE(Primitives)

BOOST_AUTO_TEST_CASE(strings_are_utf8_without_length) {
  BOOST_TEST(encode_hex(std::string("é中")) == "c3a9e4b8ad");
  BOOST_TEST(encode_hex(std::string()) == "");
  BOOST_TEST(decode<std::string>("é中") == "é中");
  BOOST_TEST(decode<std::string>("") == "");
  std::string with_zero("a\0b", 3);
  BOOST_TEST(decode<std::string>(with_zero) == with_zero);
}

BOOST_AUTO_TEST_CASE(strings_that_are_not_utf8_are_refused_with_their_position) {
  struct Case {
    std::string hex;
    int position;
  };
  for (const auto& [hex, position] : {Case{"616263ff", 3}, Case{"c3", 0}, Case{"61c0af", 1}, Case{"eda080", 0},
                                      Case{"f4908080", 0}, Case{"6161e4b8", 2}, Case{"c3a980", 2}, Case{"e08080", 0}}) {
    std::string text = decode_error<std::string>(from_hex(hex));
    BOOST_TEST(text.find("not UTF-8 from byte " + std::to_string(position) + " of") != text.npos, hex << ": " << text);
  }
}

BOOST_AUTO_TEST_CASE(integers_are_big_endian_twos_complement) {
  BOOST_TEST(encode_hex<std::int32_t>(-2) == "fffffffe");
  BOOST_TEST(encode_hex<std::int16_t>(258) == "0102");
  BOOST_TEST(encode_hex<std::int64_t>(1700000000000) == "0000018bcfe56800");
  BOOST_TEST(decode_hex<std::int32_t>("fffffffe") == -2);
  BOOST_TEST(decode_hex<std::int16_t>("0102") == 258);
  BOOST_TEST(decode_hex<std::int64_t>("8000000000000000") == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(decode_hex<long long>("7fffffffffffffff") == std::numeric_limits<long long>::max());
}

BOOST_AUTO_TEST_CASE(numbers_of_the_wrong_size_are_refused) {
  BOOST_TEST(decode_error<std::int64_t>("12345") ==
             "Long: expected 8 bytes, found 5 ('12345'): was this written with another serde?");
  BOOST_TEST(decode_error<std::int32_t>("").starts_with("Integer: expected 4 bytes, found 0"));
  BOOST_TEST(decode_error<std::int16_t>("123").starts_with("Short: expected 2 bytes, found 3"));
  BOOST_TEST(decode_error<float>("12345").starts_with("Float: expected 4 bytes, found 5"));
  BOOST_TEST(decode_error<double>("1").starts_with("Double: expected 8 bytes, found 1"));
}

BOOST_AUTO_TEST_CASE(floating_point_round_trips_except_the_payload_of_a_double_nan) {
  BOOST_TEST(encode_hex(1.5F) == "3fc00000");
  BOOST_TEST(encode_hex(-1.5) == "bff8000000000000");
  BOOST_TEST(encode_hex(-0.0) == "8000000000000000");
  BOOST_TEST(encode_hex(std::bit_cast<float>(0x7fc00001U)) == "7fc00001");
  BOOST_TEST(encode_hex(std::bit_cast<double>(0xfff8000000000001ULL)) == "7ff8000000000000");
  BOOST_TEST(std::isnan(decode_hex<double>("7ff8000000000000")));
  BOOST_TEST(decode_hex<double>("bff8000000000000") == -1.5);
  BOOST_TEST(decode_hex<float>("3fc00000") == 1.5F);
}

BOOST_AUTO_TEST_CASE(booleans_are_one_byte) {
  BOOST_TEST(encode_hex(true) == "01");
  BOOST_TEST(encode_hex(false) == "00");
  BOOST_TEST(decode_hex<bool>("01") == true);
  BOOST_TEST(decode_hex<bool>("00") == false);
  BOOST_TEST(decode_error<bool>("\2").starts_with("Boolean: expected the byte 0 or 1, found 2"));
  BOOST_TEST(decode_error<bool>("").starts_with("Boolean: expected 1 bytes, found 0"));
}

BOOST_AUTO_TEST_CASE(bytes_are_raw) {
  BOOST_TEST(encode_hex(Bytes(from_hex("00ff80"))) == "00ff80");
  BOOST_TEST(to_hex(decode_hex<Bytes>("00ff80").view()) == "00ff80");
}

BOOST_AUTO_TEST_CASE(void_is_null_and_nothing_else) {
  BOOST_TEST(encode_hex(Void{}) == "null");
  BOOST_CHECK(decode<Void>(std::nullopt) == Void{});
  BOOST_TEST(decode_error<Void>("x").starts_with("Void: expected null, found 1 bytes"));
}

BOOST_AUTO_TEST_CASE(uuids_are_lower_case_text) {
  const std::string text = "123e4567-e89b-12d3-a456-426614174000";
  Uuid uuid = decode<Uuid>(text);
  BOOST_TEST(*encode(uuid) == text);
  BOOST_CHECK(decode<Uuid>("123E4567-E89B-12D3-A456-426614174000") == uuid);
}

BOOST_AUTO_TEST_CASE(text_that_is_no_uuid_is_refused) {
  for (std::string_view text : {"", "123e4567e89b12d3a456426614174000", "{123e4567-e89b-12d3-a456-4266141740}",
                                "123e4567-e89b-12d3-a456-42661417400g", "123e4567-e89b-12d3-a456_426614174000",
                                "123e4567-e89b-12d3-a456-4266141740001"}) {
    BOOST_TEST(decode_error<Uuid>(text).starts_with("UUID: expected 36 characters"), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
