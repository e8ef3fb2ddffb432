// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstdio>
#include <string>

#include "support/temp_dir.hpp"

// Checks that the memory of a bootstrap does not grow with the topic, measured from outside the process.

namespace millrace {
namespace {

std::int64_t peak_kb_with(int records, int bytes) {
  const TempDir directory;
  const std::string command = std::string("'") + MILLRACE_GLOBAL_MEMORY_PROGRAM + "' '" + directory.path().string() +
                              "' " + std::to_string(records) + " " + std::to_string(bytes);
  std::FILE* output = popen(command.c_str(), "r");
  BOOST_TEST_REQUIRE(output != nullptr);
  std::string text;
  for (std::array<char, 256> part{}; std::fgets(part.data(), part.size(), output) != nullptr;) text += part.data();
  BOOST_TEST_REQUIRE(pclose(output) == 0);
  return std::stoll(text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(GlobalMemory)

BOOST_AUTO_TEST_CASE(does_not_grow_with_many_large_records) {
  const auto few = peak_kb_with(2'000, 10'000);
  const auto many = peak_kb_with(10'000, 10'000);
  BOOST_TEST_MESSAGE("peak with 20 MB: " << few << " kB, with 100 MB: " << many << " kB");
  BOOST_TEST(many - few <= 64 * 1024);
}

BOOST_AUTO_TEST_CASE(does_not_grow_with_many_small_records) {
  const auto few = peak_kb_with(100'000, 10);
  const auto many = peak_kb_with(800'000, 10);
  BOOST_TEST_MESSAGE("peak with 100,000 rows: " << few << " kB, with 800,000: " << many << " kB");
  BOOST_TEST(many - few <= 64 * 1024);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace
