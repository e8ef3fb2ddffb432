// SPDX-License-Identifier: Apache-2.0
#include "millrace/processor/detail/kept_time.hpp"

#include <cstdint>

#include "common/stable_hash.hpp"

namespace millrace::detail {

std::string kept_time_name(std::string_view owner, std::string_view role) {
  std::uint64_t hash = StableHash().add(owner).add(role).value();
  constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  std::string name = "~";
  for (int digit = 0; digit < 11; ++digit) {
    name.push_back(kDigits[hash & 63]);
    hash >>= 6;
  }
  return name;
}

}  // namespace millrace::detail
