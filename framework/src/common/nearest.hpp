// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::detail {

/// The Levenshtein distance: the number of insertions, deletions and replacements that turn `a` into `b`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// Finds the candidate that is most similar to a wrong name, for "did you mean ...?". If several are equally similar,
/// the first one counts.
class Nearest {
 public:
  explicit Nearest(std::string wanted) : wanted_(std::move(wanted)) {}

  void consider(std::string_view candidate);
  /// Empty if there was no candidate.
  [[nodiscard]] const std::string& best() const { return best_; }

 private:
  std::string wanted_;
  std::string best_;
  std::size_t distance_ = std::string::npos;
};

}  // namespace millrace::detail
