// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace millrace::detail {

/// The random choices of one test run. The seed is printed with every failure. MILLRACE_TEST_SEED sets the seed.
class RandomSource {
 public:
  RandomSource() : RandomSource(choose_seed()) {}
  explicit RandomSource(std::uint64_t seed) : seed_(seed), engine_(seed) {}

  [[nodiscard]] std::uint64_t seed() const { return seed_; }

  /// Both bounds are inclusive.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }
  bool chance(int percent) { return between(1, 100) <= percent; }

  template <class Container>
  const auto& pick(const Container& from) {
    return from[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(from.size()) - 1))];
  }

  std::string bytes(std::int64_t max_size) {
    std::string out(static_cast<std::size_t>(between(0, max_size)), '\0');
    for (char& byte : out) byte = static_cast<char>(between(0, 255));
    return out;
  }

 private:
  static std::uint64_t choose_seed() {
    const char* given = std::getenv("MILLRACE_TEST_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  }

  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

}  // namespace millrace::detail
