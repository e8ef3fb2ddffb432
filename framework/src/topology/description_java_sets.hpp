#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace millrace::detail::java {

// What Java's collections do to an order. `Topology.describe()` prints sets as they happen to iterate, so its text
// depends on hash codes, on the capacity of hash tables and on the shape of red-black trees.

/// `String.hashCode()` and `String.compareTo()` work on UTF-16 units.
[[nodiscard]] std::u16string to_utf16(const std::string& utf8);

/// The iteration order of a `HashSet<String>` (or of a `HashMap`'s keys) to which `names` were added one by one.
[[nodiscard]] std::vector<std::string> hash_set_order(const std::vector<std::string>& names);

/// The iteration order of `new HashSet<>(names)`, whose capacity is reserved for all the names beforehand.
[[nodiscard]] std::vector<std::string> hash_set_copy_order(const std::vector<std::string>& names);

/// A `TreeSet` of small numbers under a comparison that may change its mind between two insertions (as the one of
/// describe() does): an element stays where the comparisons at its insertion put it. `std::set` would forbid that.
class TreeSet {
 public:
  /// Negative: left before right; zero: the same element.
  using Compare = std::function<int(std::size_t left, std::size_t right)>;

  explicit TreeSet(Compare compare) : compare_(std::move(compare)) {}

  /// Does nothing if the search for the place meets an equal element.
  void insert(std::size_t element);

  [[nodiscard]] std::vector<std::size_t> in_order() const;

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  enum Side { kLeft = 0, kRight = 1 };

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
