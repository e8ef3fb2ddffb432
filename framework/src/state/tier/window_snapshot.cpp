// SPDX-License-Identifier: Apache-2.0
#include "window_snapshot.hpp"

#include <algorithm>

#include "millrace/state/detail/formats.hpp"

namespace millrace::detail {

std::strong_ordering compare_window_keys(std::string_view key_a, Timestamp start_a, Sequence seq_a,
                                         std::string_view key_b, Timestamp start_b, Sequence seq_b) {
  // Keys of the same length compare as their parts do. This is the usual case and needs no copy.
  if (key_a.size() == key_b.size()) {
    if (const auto order = key_a <=> key_b; order != 0) return order;
    if (const auto order = start_a <=> start_b; order != 0) return order;
    return seq_a <=> seq_b;
  }
  const std::size_t common = std::min(key_a.size(), key_b.size());
  if (const auto order = key_a.substr(0, common) <=> key_b.substr(0, common); order != 0) return order;
  // One key is a prefix of the other, so its start and sequence number are compared with bytes of the longer key.
  std::string a;
  std::string b;
  formats::append_window_key(a, key_a, start_a, seq_a);
  formats::append_window_key(b, key_b, start_b, seq_b);
  return a <=> b;
}

}  // namespace millrace::detail
