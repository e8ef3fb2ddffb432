// SPDX-License-Identifier: Apache-2.0
#include "evicted_keys.hpp"

#include <algorithm>

#include "millrace/common/detail/saturating.hpp"

namespace millrace::detail {

namespace {

constexpr std::size_t kBitsPerKey = 12;  // 1.5 bytes
constexpr int kProbes = 6;               // each uses 9 bits of the hash: one of the 512 bits of a line

/// Mixes the hash again. The upper bits of the hash already choose the line, so probes taken from the unmixed hash
/// would not be independent of the line.
std::uint64_t stir(std::size_t hash) {
  std::uint64_t bits = hash * 0x9e3779b97f4a7c15u;
  return bits ^ (bits >> 29);
}

/// Maps the upper half of the hash to [0, lines) without a division.
std::size_t line_of(std::size_t hash, std::size_t lines) {
  return static_cast<std::size_t>(((static_cast<std::uint64_t>(hash) >> 32) * lines) >> 32);
}

}  // namespace

// A block is 1/32 of the memory, but at least 256 bytes and at most 48 KB. Small blocks forget in small steps.
EvictedKeys::EvictedKeys(std::size_t max_bytes)
    : lines_per_block_(std::clamp<std::size_t>(max_bytes / 32, 256, 48u << 10) / sizeof(Line)),
      keys_per_block_(lines_per_block_ * sizeof(Line) * 8 / kBitsPerKey),
      max_blocks_(max_bytes / (lines_per_block_ * sizeof(Line))) {}

void EvictedKeys::set(Block& block, std::size_t hash) {
  Line& line = block.lines[line_of(hash, block.lines.size())];
  std::uint64_t bits = stir(hash);
  for (int i = 0; i < kProbes; ++i, bits >>= 9) line.words[(bits >> 6) & 7] |= std::uint64_t{1} << (bits & 63);
  ++block.keys;
}

bool EvictedKeys::test(const Block& block, std::size_t hash) {
  const Line& line = block.lines[line_of(hash, block.lines.size())];
  std::uint64_t bits = stir(hash);
  for (int i = 0; i < kProbes; ++i, bits >>= 9) {
    if ((line.words[(bits >> 6) & 7] >> (bits & 63) & 1) == 0) return false;
  }
  return true;
}

bool EvictedKeys::may_contain(std::size_t hash, Timestamp from, Timestamp to) const {
  // Newest first. A block ends where the next one begins, so stop at the first block that ends before `from`.
  for (auto block = blocks_.rbegin(); block != blocks_.rend() && block->to > from; ++block) {
    if (block->from <= to && test(*block, hash)) return true;
  }
  return false;
}

void EvictedKeys::begin_slice(Timestamp from, Timestamp to) {
  if (max_blocks_ == 0) {
    // No memory for filters: nothing is known about anything evicted so far.
    known_from_ = to;
    return;
  }
  if (blocks_.empty() || blocks_.back().keys >= keys_per_block_) {
    if (blocks_.size() == max_blocks_) drop_oldest();
    // A block is filled by several slices, until it has its number of keys. Its range then grows with each slice.
    blocks_.push_back({from, to, 0, std::vector<Line>(lines_per_block_)});
  }
  blocks_.back().to = to;
}

void EvictedKeys::add(std::size_t hash) {
  // Without blocks there is no memory for filters: begin_slice() has moved known_from_ past the slice.
  if (!blocks_.empty()) set(blocks_.back(), hash);
}

void EvictedKeys::add_late(std::size_t hash, Timestamp start) {
  if (start < known_from_) return;
  for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
    if (start >= block->from && start < block->to) {
      set(*block, hash);
      return;
    }
  }
  // No block covers this time, so the answer "not contained" is no longer certain up to here. Move known_from_ past it.
  known_from_ = saturating_add(start, 1);
  drop_before(known_from_);
}

void EvictedKeys::drop_oldest() {
  // Keys in the dropped block are unknown from now on, so answers before its end are no longer certain.
  known_from_ = std::max(known_from_, blocks_.front().to);
  blocks_.pop_front();
}

void EvictedKeys::drop_before(Timestamp time) {
  while (!blocks_.empty() && blocks_.front().to <= time) drop_oldest();
}

void EvictedKeys::reset(Timestamp known_from) {
  blocks_.clear();
  known_from_ = known_from;
}

}  // namespace millrace::detail
