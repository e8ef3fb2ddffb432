// SPDX-License-Identifier: Apache-2.0
#include "millrace/broker/partitioner.hpp"

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

using namespace millrace;

BOOST_AUTO_TEST_SUITE(Partitioner)

BOOST_AUTO_TEST_CASE(computes_what_the_java_client_computes) {
  struct Vector {
    std::string key;
    std::uint32_t hash;
    std::int32_t of_2, of_3, of_10, of_100;
  };
  const std::vector<Vector> vectors = {
      {"", 0x106e08d9, 1, 0, 1, 81},
      {"a", 0xa2d0b27c, 0, 1, 4, 24},
      {"ab", 0x12d8262a, 0, 2, 4, 34},
      {"abc", 0x1c94221b, 1, 0, 7, 7},
      {"abcd", 0xb11ab5f4, 0, 2, 0, 0},
      {"hello", 0x7f1ddbbd, 1, 0, 9, 29},
      {"kafka", 0xd067cf64, 0, 1, 0, 80},
      {"customer-42", 0xdfa2ab19, 1, 0, 3, 53},
      {"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", 0x6cb9b9c7, 1, 2, 7, 47},
      {std::string("\0\0\0\1", 4), 0xf5ae7e30, 0, 0, 0, 40},
      {"\xff\xff\xff\xff", 0x266546a5, 1, 2, 9, 29},
      {std::string("\0\0\0\0\0\0\0\1", 8), 0x7d32dfac, 0, 0, 0, 60},
      {std::string("\0\0\0\0\0\0\0\x2a", 8), 0x1e361fc0, 0, 1, 2, 52},
      {"\xff\x80", 0xe59b9490, 0, 2, 8, 28},
      {std::string("\0\1\2\3\4\5\6", 7), 0xa74c588c, 0, 1, 8, 28},
  };
  for (const Vector& vector : vectors) {
    BOOST_TEST_CONTEXT("key '" << vector.key << "'") {
      BOOST_CHECK_EQUAL(murmur2(vector.key), vector.hash);
      BOOST_CHECK_EQUAL(partition_for_key(vector.key, 1), 0);
      BOOST_CHECK_EQUAL(partition_for_key(vector.key, 2), vector.of_2);
      BOOST_CHECK_EQUAL(partition_for_key(vector.key, 3), vector.of_3);
      BOOST_CHECK_EQUAL(partition_for_key(vector.key, 10), vector.of_10);
      BOOST_CHECK_EQUAL(partition_for_key(vector.key, 100), vector.of_100);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
