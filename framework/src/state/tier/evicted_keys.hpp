#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// Remembers which keys had entries in the time slices that left a window store's memory tier: a Bloom filter per
/// stretch of time, one and a half bytes per entry. "No" is certain and saves the lookup in RocksDB.
class EvictedKeys {
 public:
  /// Holds up to about `max_bytes`; 0: remembers nothing.
  explicit EvictedKeys(std::size_t max_bytes);

  /// Nothing is known about starts before this; about later ones that were evicted, everything.
  [[nodiscard]] Timestamp known_from() const { return known_from_; }

  /// False: no entry of the key with from <= start <= to was evicted. REQUIRES: from >= known_from().
  [[nodiscard]] bool may_contain(std::size_t hash, Timestamp from, Timestamp to) const;

  /// A slice [from, to) is evicted, later than all before; its entries are added next.
  void begin_slice(Timestamp from, Timestamp to);
  void add(std::size_t hash);

  /// A single entry is evicted, from a stretch of time that was evicted before.
  void add_late(std::size_t hash, Timestamp start);

  /// Forgets stretches that lie wholly before `time`.
  void drop_before(Timestamp time);

  /// Forgets everything; what is evicted from now on starts at `known_from` or later.
  void reset(Timestamp known_from);

  [[nodiscard]] std::size_t bytes() const { return blocks_.size() * lines_per_block_ * sizeof(Line); }

 private:
  // All bits of a key lie in one cache line.
  struct Line {
    std::uint64_t words[8] = {};
  };
  struct Block {
    Timestamp from;
    Timestamp to;  // exclusive
    std::size_t keys = 0;
    std::vector<Line> lines;
  };

  void drop_oldest();
  static void set(Block& block, std::size_t hash);
  [[nodiscard]] static bool test(const Block& block, std::size_t hash);

  std::size_t lines_per_block_;
  std::size_t keys_per_block_;
  std::size_t max_blocks_;
  Timestamp known_from_ = 0;
  std::deque<Block> blocks_;  // by time
};

}  // namespace millrace::detail
