// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>

// Checks the memory limit of statestore.cache.max.bytes, measured from outside the process.

namespace {

struct Measured {
  std::int64_t results = 0;
  std::int64_t peak_kb = 0;
};

Measured run_with_cache_of(const std::string& bytes) {
  const std::string command = std::string("'") + MILLRACE_CACHE_MEMORY_PROGRAM + "' " + bytes;
  std::FILE* output = popen(command.c_str(), "r");
  BOOST_TEST_REQUIRE(output != nullptr);
  std::string text;
  for (std::array<char, 256> part{}; std::fgets(part.data(), part.size(), output) != nullptr;) text += part.data();
  BOOST_TEST_REQUIRE(pclose(output) == 0);
  Measured measured;
  std::istringstream(text) >> measured.results >> measured.peak_kb;
  return measured;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(CacheMemory)

BOOST_AUTO_TEST_CASE(stays_close_to_its_limit_when_the_cache_is_full) {
  const Measured without = run_with_cache_of("0");
  const Measured with = run_with_cache_of("10485760");
  BOOST_TEST_MESSAGE("without a cache " << without.peak_kb << " kB, with one of 10 MB " << with.peak_kb << " kB");
  // Each record counts in 100,000 windows, and each window counts one record.
  BOOST_TEST(without.results == 2'000'000);
  BOOST_TEST(with.results == 2'000'000);
  BOOST_TEST(with.peak_kb - without.peak_kb <= 15 * 1024);
}

BOOST_AUTO_TEST_SUITE_END()
