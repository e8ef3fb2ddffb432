// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::detail {

/// The 64-bit hash FNV-1a over several fields. The length of a text is hashed before the text, so "ab", "c" and "a",
/// "bc" have different hashes.
///
/// Unlike std::hash, the result is the same on every machine and in every release. Committed offsets and client ids of
/// running applications contain results. So the function must never change.
class StableHash {
 public:
  StableHash& add(std::string_view text) {
    add(text.size());
    for (const char c : text) add_byte(static_cast<unsigned char>(c));
    return *this;
  }
  StableHash& add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) add_byte(static_cast<unsigned char>(number >> shift));
    return *this;
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  void add_byte(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001b3ULL; }

  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

}  // namespace millrace::detail
