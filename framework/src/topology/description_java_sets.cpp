// SPDX-License-Identifier: Apache-2.0
#include "topology/description_java_sets.hpp"

#include <algorithm>
#include <bit>
#include <boost/locale/encoding_utf.hpp>
#include <cstdint>
#include <unordered_set>

namespace millrace::detail::java {
// The default of java.util.HashMap.
namespace {

constexpr std::size_t kDefaultCapacity = 16;

// `String.hashCode()`, then HashMap's `hash()`, which mixes the upper bits into the lower ones. The bucket is chosen by
// the lowest bits.
std::uint32_t spread_hash(const std::string& name) {
  std::uint32_t hash = 0;
  for (const char16_t unit : to_utf16(name)) hash = 31 * hash + unit;
  return hash ^ (hash >> 16);
}

/// The order of a hash table of this capacity: by bucket. Within a bucket, the element inserted first comes first; this
/// stays so when the table grows.
std::vector<std::string> order_in_table(const std::vector<std::string>& names, std::size_t capacity) {
  struct Entry {
    std::uint32_t hash;
    std::string name;
  };
  std::vector<Entry> entries;
  std::unordered_set<std::string> seen;
  for (const auto& name : names) {
    // A set has each name once; its first insertion decides.
    if (seen.insert(name).second) entries.push_back({spread_hash(name), name});
  }
  // HashMap doubles its capacity when it is more than 3/4 full.
  while (entries.size() * 4 > capacity * 3) capacity *= 2;

  std::stable_sort(entries.begin(), entries.end(),
                   [mask = capacity - 1](const Entry& a, const Entry& b) { return (a.hash & mask) < (b.hash & mask); });
  std::vector<std::string> ordered;
  ordered.reserve(entries.size());
  for (auto& entry : entries) ordered.push_back(std::move(entry.name));
  return ordered;
}

}  // namespace

// Invalid UTF-8 is skipped.
std::u16string to_utf16(const std::string& utf8) { return boost::locale::conv::utf_to_utf<char16_t>(utf8); }

std::vector<std::string> hash_set_order(const std::vector<std::string>& names) {
  return order_in_table(names, kDefaultCapacity);
}

std::vector<std::string> hash_set_copy_order(const std::vector<std::string>& names) {
  // The formula of HashSet's copy constructor, in float as in Java.
  const std::size_t reserved = static_cast<std::size_t>(static_cast<float>(names.size()) / .75F) + 1;
  // HashMap rounds a requested capacity up to a power of two.
  return order_in_table(names, std::bit_ceil(std::max(reserved, kDefaultCapacity)));
}

// The insertion and rebalancing of java.util.TreeMap. The tree's shape matters: comparisons may change between
// insertions.
void TreeSet::insert(std::size_t element) {
  std::size_t parent = kNone;
  Side side = kLeft;
  for (std::size_t at = root_; at != kNone; at = nodes_[at].child[side]) {
    const int order = compare_(element, nodes_[at].element);
    if (order == 0) return;
    parent = at;
    side = order < 0 ? kLeft : kRight;
  }
  // A new node is red and a leaf, so the number of black nodes on each path stays equal.
  const std::size_t added = nodes_.size();
  nodes_.push_back({element, parent});
  (parent == kNone ? root_ : nodes_[parent].child[side]) = added;
  rebalance(added);
}

// Restores the red-black rules above a new red node.
void TreeSet::rebalance(std::size_t at) {
  while (at != root_ && is_red(nodes_[at].parent)) {
    const std::size_t parent = nodes_[at].parent;
    const std::size_t grandparent = nodes_[parent].parent;
    const Side side = side_of(parent);
    const Side other = side == kLeft ? kRight : kLeft;
    const std::size_t uncle = nodes_[grandparent].child[other];
    // Recolour, and go on two levels up.
    if (is_red(uncle)) {
      nodes_[parent].red = nodes_[uncle].red = false;
      nodes_[grandparent].red = true;
      at = grandparent;
      continue;
    }
    // An inner grandchild becomes an outer one, so that one more rotation is enough.
    if (side_of(at) == other) {
      at = parent;
      rotate(at, side);
    }
    // The parent becomes the root of the subtree and turns black; the grandparent turns red and goes below it.
    nodes_[nodes_[at].parent].red = false;
    nodes_[grandparent].red = true;
    rotate(grandparent, other);
  }
  // The root is always black.
  nodes_[root_].red = false;
}

/// Rotates the subtree of `at`: its child on the other side takes its place, and `at` becomes that child's child on
/// `side`.
void TreeSet::rotate(std::size_t at, Side side) {
  const Side other = side == kLeft ? kRight : kLeft;
  const std::size_t parent = nodes_[at].parent;
  const std::size_t rising = nodes_[at].child[other];
  const std::size_t moved = nodes_[rising].child[side];

  (parent == kNone ? root_ : nodes_[parent].child[side_of(at)]) = rising;
  nodes_[rising].parent = parent;
  nodes_[rising].child[side] = at;
  nodes_[at].parent = rising;
  nodes_[at].child[other] = moved;
  if (moved != kNone) nodes_[moved].parent = at;
}

TreeSet::Side TreeSet::side_of(std::size_t at) const {
  return nodes_[nodes_[at].parent].child[kLeft] == at ? kLeft : kRight;
}

// Iterates in order with an explicit stack of nodes whose left subtrees are done.
std::vector<std::size_t> TreeSet::in_order() const {
  std::vector<std::size_t> elements;
  // Nodes whose element and right subtree are still to be visited.
  std::vector<std::size_t> pending;
  for (std::size_t at = root_; at != kNone || !pending.empty();) {
    if (at != kNone) {
      pending.push_back(at);
      at = nodes_[at].child[kLeft];
    } else {
      at = pending.back();
      pending.pop_back();
      elements.push_back(nodes_[at].element);
      at = nodes_[at].child[kRight];
    }
  }
  return elements;
}

}  // namespace millrace::detail::java
