// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// Remembers which keys had entries in the slices that were evicted from a window store's in-memory tier. One Bloom
/// filter per range of time; 1.5 bytes per entry. Times are window starts in ms. One thread; owned by the WindowTier.
///
/// The answer "not contained" is certain and saves a lookup in RocksDB. This matters for joins and aggregations, which
/// often look for keys that have no earlier window. The answer "may be contained" is wrong for less than 1 in 100 keys.
class EvictedKeys {
 public:
  /// Uses up to about `max_bytes`. If more keys are evicted, the oldest filters are dropped. 0: remembers nothing.
  explicit EvictedKeys(std::size_t max_bytes);

  /// Evicted entries with an earlier start may be missing from the filters. All later ones are recorded.
  [[nodiscard]] Timestamp known_from() const { return known_from_; }

  /// False: no entry of the key with from <= start <= to was evicted. True: one may have been. REQUIRES: from >=
  /// known_from().
  [[nodiscard]] bool may_contain(std::size_t hash, Timestamp from, Timestamp to) const;

  /// A slice with starts in [from, to) is about to be evicted. It must be later than all slices before. Call add() for
  /// each of its entries next.
  void begin_slice(Timestamp from, Timestamp to);
  /// `hash`: the hash of the entry's key, as WindowTier computes it.
  void add(std::size_t hash);

  /// Records one evicted entry whose start lies in a range that was evicted before.
  void add_late(std::size_t hash, Timestamp start);

  /// Drops the filters of ranges that end at or before `time`.
  void drop_before(Timestamp time);

  /// Drops all filters. Entries evicted from now on must start at `known_from` or later.
  void reset(Timestamp known_from);

  [[nodiscard]] std::size_t bytes() const { return blocks_.size() * lines_per_block_ * sizeof(Line); }

 private:
  // One cache line. All bits of a key are in one line, so a lookup costs one cache miss.
  struct Line {
    std::uint64_t words[8] = {};
  };
  // One Bloom filter, for keys with from <= start < to.
  struct Block {
    Timestamp from;
    Timestamp to;          // exclusive
    std::size_t keys = 0;  // how many were added
    std::vector<Line> lines;
  };

  void drop_oldest();
  static void set(Block& block, std::size_t hash);
  [[nodiscard]] static bool test(const Block& block, std::size_t hash);

  // All blocks have the same size, so dropping the oldest frees a fixed part of the memory.
  std::size_t lines_per_block_;
  std::size_t keys_per_block_;
  std::size_t max_blocks_;
  Timestamp known_from_ = 0;
  std::deque<Block> blocks_;  // sorted by time
};

}  // namespace millrace::detail
