// SPDX-License-Identifier: Apache-2.0
#include "common/nearest.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace millrace::detail {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // The usual algorithm fills a table. Here only one of its rows is kept.
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      // Insert, delete, or replace: whichever leads to the smallest distance.
      row[j] = std::min({row[j - 1] + 1, row[j] + 1, replaced});
    }
  }
  return row.back();
}

void Nearest::consider(std::string_view candidate) {
  const std::size_t distance = edit_distance(wanted_, candidate);
  if (distance >= distance_) return;
  distance_ = distance;
  best_ = candidate;
}

}  // namespace millrace::detail
