// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace millrace::detail::java {

// The iteration orders of Java's collections. `Topology.describe()` prints sets in their iteration order. So its text
// depends on hash codes, on the capacities of hash tables and on the shapes of red-black trees.

/// Java's `String.hashCode()` and `String.compareTo()` use UTF-16 units.
[[nodiscard]] std::u16string to_utf16(const std::string& utf8);

/// The iteration order of a `HashSet<String>`, or of the keys of a `HashMap`, after `names` were added one by one.
[[nodiscard]] std::vector<std::string> hash_set_order(const std::vector<std::string>& names);

/// The iteration order of `new HashSet<>(names)`. It can differ, because the capacity is reserved for all names at
/// once.
[[nodiscard]] std::vector<std::string> hash_set_copy_order(const std::vector<std::string>& names);

/// A `TreeSet` of small numbers with the shape of Java's tree.
///
/// std::set cannot be used: the comparison of describe() may give another answer later. An element stays where the
/// comparisons during its insertion put it. in_order() then depends on the tree's shape.
class TreeSet {
 public:
  /// Negative: `left` comes before `right`. Zero: they are the same element.
  using Compare = std::function<int(std::size_t left, std::size_t right)>;

  explicit TreeSet(Compare compare) : compare_(std::move(compare)) {}

  /// Does nothing if the search for its place finds an equal element.
  void insert(std::size_t element);

  [[nodiscard]] std::vector<std::size_t> in_order() const;

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  enum Side { kLeft = 0, kRight = 1 };

  // Nodes refer to each other by their index in `nodes_`.
  struct Node {
    std::size_t element;
    std::size_t parent;
    std::size_t child[2] = {kNone, kNone};
    bool red = true;
  };

  void rebalance(std::size_t at);
  void rotate(std::size_t at, Side side);
  [[nodiscard]] Side side_of(std::size_t at) const;
  [[nodiscard]] bool is_red(std::size_t at) const { return at != kNone && nodes_[at].red; }

  Compare compare_;
  std::vector<Node> nodes_;
  std::size_t root_ = kNone;
};

}  // namespace millrace::detail::java
