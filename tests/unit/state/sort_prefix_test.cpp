// SPDX-License-Identifier: Apache-2.0
// SortPrefix must order keys as RocksDB does, whatever bytes all of them begin with.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "random_source.hpp"
#include "state/rocksdb/database_store.hpp"

using namespace millrace::detail;
using namespace std::literals;

namespace {

/// Orders keys by their numbers, and by their bytes only for equal numbers.
std::vector<std::string> sorted_by_prefix(std::vector<std::string> keys) {
  const std::vector<std::string> added = keys;
  SortPrefix prefix;
  for (const std::string& key : added) prefix.add(key);
  std::ranges::sort(keys, [&](const std::string& a, const std::string& b) {
    return prefix.of(a) != prefix.of(b) ? prefix.of(a) < prefix.of(b) : a < b;
  });
  return keys;
}

std::vector<std::string> sorted(std::vector<std::string> keys) {
  std::ranges::sort(keys);
  return keys;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(SortPrefixSuite)

BOOST_AUTO_TEST_CASE(differs_where_the_keys_first_differ) {
  const std::vector<std::string> keys{"AAPL@000000000002", "AAPL@000000000010", "AAPL@000000000001"};
  SortPrefix prefix;
  for (const std::string& key : keys) prefix.add(key);
  BOOST_TEST(prefix.of(keys[2]) < prefix.of(keys[0]));
  BOOST_TEST(prefix.of(keys[0]) < prefix.of(keys[1]));
}

BOOST_AUTO_TEST_CASE(takes_an_empty_key_first_or_last) {
  for (const std::vector<std::string>& keys : {std::vector{""s, "abc"s, "ab"s}, std::vector{"abc"s, "ab"s, ""s}}) {
    BOOST_TEST(sorted_by_prefix(keys) == sorted(keys), boost::test_tools::per_element());
  }
  SortPrefix prefix;
  prefix.add({});
  prefix.add("abc");
  BOOST_TEST(prefix.of({}) < prefix.of("abc"));
}

BOOST_AUTO_TEST_CASE(orders_random_keys_as_their_bytes) {
  RandomSource random(7);
  for (int round = 0; round < 2000; ++round) {
    // Few different bytes and zeros, so that many keys are equal, or begin with each other, or end with zeros.
    const std::string common(static_cast<std::size_t>(random.between(0, 11)), 'c');
    std::vector<std::string> keys;
    for (std::int64_t i = random.between(0, 7); i > 0; --i) {
      std::string key = common;
      for (std::int64_t n = random.between(0, 11); n > 0; --n) key += random.pick("\0\x01\xff"s);
      keys.push_back(key);
    }
    BOOST_TEST_REQUIRE(sorted_by_prefix(keys) == sorted(keys), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_SUITE_END()
