#include "evicted_keys.hpp"

#include <algorithm>

namespace millrace::detail {

namespace {

constexpr std::size_t kBitsPerKey = 12;
constexpr int kProbes = 6;  // 9 bits of the hash each

/// The hash also chooses the line, by its upper bits: stir it, so that the probes do not depend on that choice.
std::uint64_t stir(std::size_t hash) {
  std::uint64_t bits = hash * 0x9e3779b97f4a7c15u;
  return bits ^ (bits >> 29);
}

std::size_t line_of(std::size_t hash, std::size_t lines) {
  return static_cast<std::size_t>(((static_cast<std::uint64_t>(hash) >> 32) * lines) >> 32);
}

}  // namespace

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
  for (auto block = blocks_.rbegin(); block != blocks_.rend() && block->to > from; ++block) {
    if (block->from <= to && test(*block, hash)) return true;
  }
  return false;
}

void EvictedKeys::begin_slice(Timestamp from, Timestamp to) {
  if (max_blocks_ == 0) {
    known_from_ = to;
    return;
  }
  if (blocks_.empty() || blocks_.back().keys >= keys_per_block_) {
    if (blocks_.size() == max_blocks_) drop_oldest();
    blocks_.push_back({from, to, 0, std::vector<Line>(lines_per_block_)});
  }
  blocks_.back().to = to;
}

void EvictedKeys::add(std::size_t hash) {
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
  // No filter covers that time: let none claim to.
  known_from_ = start + 1;
  drop_before(known_from_);
}

void EvictedKeys::drop_oldest() {
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
