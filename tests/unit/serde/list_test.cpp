// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/serde/list.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "serde_fixture.hpp"

namespace millrace::test {
namespace {

using Ints = std::vector<std::optional<std::int32_t>>;
using Strings = std::vector<std::optional<std::string>>;

}  // namespace

BOOST_AUTO_TEST_SUITE(ListSerdes)

BOOST_AUTO_TEST_CASE(entries_of_constant_size_carry_no_length) {
  BOOST_TEST(encode_hex(Ints{1, std::nullopt, -1}) ==
             "00"
             "00000001"
             "00000001"
             "00000003"
             "00000001"
             "ffffffff");
  BOOST_TEST(encode_hex(std::vector<std::int16_t>{258}) ==
             "00"
             "00000000"
             "00000001"
             "0102");
  BOOST_TEST(encode_hex(Ints{}) ==
             "00"
             "00000000"
             "00000000");
}

BOOST_AUTO_TEST_CASE(entries_of_variable_size_carry_their_length) {
  BOOST_TEST(encode_hex(Strings{"ab", std::nullopt, ""}) ==
             "01"
             "00000003"
             "00000002"
             "6162"
             "ffffffff"
             "00000000");
  BOOST_TEST(encode_hex(Strings{}) ==
             "01"
             "00000000");
  BOOST_TEST(encode_hex(std::vector<bool>{true, false}) ==
             "01"
             "00000002"
             "00000001"
             "01"
             "00000001"
             "00");
}

BOOST_AUTO_TEST_CASE(uuids_have_constant_size) {
  BOOST_TEST(encode_hex(std::vector<Uuid>{Uuid{}}).substr(0, 18) == "000000000000000001");
  BOOST_TEST(encode(std::vector<Uuid>(2))->size() == 9U + 2 * 36);
}

BOOST_AUTO_TEST_CASE(lists_come_back) {
  for (const Ints& ints :
       {Ints{}, Ints{1, std::nullopt, -1}, Ints{std::nullopt}, Ints{std::nullopt, std::nullopt, 5}}) {
    BOOST_CHECK(decode<Ints>(*encode(ints)) == ints);
  }
  for (const Strings& strings : {Strings{}, Strings{"ab", std::nullopt, ""}, Strings{std::nullopt}}) {
    BOOST_CHECK(decode<Strings>(*encode(strings)) == strings);
  }
  std::vector<std::vector<double>> nested{{1.5, -2}, {}};
  BOOST_CHECK(decode<std::vector<std::vector<double>>>(*encode(nested)) == nested);
}

BOOST_AUTO_TEST_CASE(a_null_entry_needs_an_optional_type) {
  std::string text = decode_error<std::vector<std::int32_t>>(*encode(Ints{1, std::nullopt}));
  BOOST_TEST(text.find("use std::optional<int>") != text.npos, text);
}

BOOST_AUTO_TEST_CASE(broken_lists_are_refused) {
  for (std::string_view hex : {
           "",                                        // nothing
           "01 00000000",                             // the other strategy
           "02 00000000 00000000",                    // no strategy
           "00 000000",                               // ends early
           "00 7fffffff 00000000",                    // more nulls than bytes
           "00 ffffffff 00000000",                    // negative
           "00 00000000 7fffffff",                    // a size that would take gigabytes
           "00 00000000 ffffffff",                    // negative
           "00 00000001 00000005 00000001",           // null beyond the end
           "00 00000002 00000001 00000000 00000002",  // nulls in the wrong order
           "00 00000000 00000002 00000001",           // an entry is missing
           "00 00000000 00000001 00000001 00",        // left over
       }) {
    BOOST_TEST(decode_error<Ints>(from_hex(hex)).starts_with("List: "), hex);
  }
  for (std::string_view hex : {
           "01 00000001",                       // an entry is missing
           "01 7fffffff 00000000",              // a size that would take gigabytes
           "01 00000001 00000003 6161",         // entry cut
           "01 00000001 fffffffe",              // negative length other than null
           "01 00000001 00000001 61 00000000",  // left over
       }) {
    BOOST_TEST(decode_error<Strings>(from_hex(hex)).starts_with("List: "), hex);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
