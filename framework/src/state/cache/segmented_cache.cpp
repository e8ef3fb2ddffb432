// SPDX-License-Identifier: Apache-2.0
#include "segmented_cache.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "millrace/state/detail/formats.hpp"
#include "state/byte_ranges.hpp"
#include "state/tier/window_snapshot.hpp"

namespace millrace::detail {

namespace {

constexpr std::size_t kTimeBytes = 8;

}  // namespace

void SegmentedCacheKeys::append_segment(std::string& out, Timestamp time) const {
  layout::append_segment(out, segment(time));
}

std::string_view SegmentedCacheKeys::record_key(std::string_view cache_key) const {
  return cache_key.substr(kSegmentBytes, cache_key.size() - kSegmentBytes - suffix_);
}

Timestamp SegmentedCacheKeys::time(std::string_view cache_key) const {
  return static_cast<Timestamp>(formats::load_be64(cache_key.data() + cache_key.size() - suffix_));
}

std::string SegmentedCacheKeys::bound(layout::SegmentId segment, std::string_view key, Timestamp time,
                                      char filler) const {
  std::string bytes;
  layout::append_segment(bytes, segment);
  bytes.append(key);
  formats::append_be64(bytes, static_cast<std::uint64_t>(time));
  bytes.append(suffix_ - kTimeBytes, filler);
  return bytes;
}

std::vector<std::string> SegmentedCacheKeys::of_one_key(NamedCache& cache, std::string_view key, Timestamp from,
                                                        Timestamp to) const {
  std::vector<std::string> found;
  // Callers may pass an open bound as a negative time. Stored times are never negative.
  from = std::max<Timestamp>(from, 0);
  if (to < from) return found;
  for (layout::SegmentId at = segment(from); at <= segment(to); ++at) {
    const std::string first = bound(at, key, from, '\0');
    const auto next = cache.first_from(first);
    if (!next) break;
    // A long range of time has many segments, most of them without entries. Jump to the next segment that has one.
    const layout::SegmentId next_segment = layout::read_segment(*next);
    if (next_segment > at) {
      at = next_segment - 1;
      continue;
    }
    auto in_segment = cache.keys(first, bound(at, key, to, '\xff'), true);
    // The range can contain other record keys: longer keys that begin with this one.
    std::erase_if(in_segment, [&](const std::string& cache_key) {
      return cache_key.size() != first.size() || record_key(cache_key) != key;
    });
    std::ranges::move(in_segment, std::back_inserter(found));
  }
  return found;
}

std::vector<std::string> SegmentedCacheKeys::of_keys(NamedCache& cache, BytesView key_from, BytesView key_to,
                                                     Timestamp from, Timestamp to) const {
  from = std::max<Timestamp>(from, 0);
  if (to < from || (key_from && key_to && *key_from > *key_to)) return {};
  std::string first;
  layout::append_segment(first, segment(from));
  std::string last;
  layout::append_segment(last, segment(to));
  // The exclusive end of the range. It exists, because a segment is not negative and so not all bytes are 0xff.
  const auto behind = end_of_prefix(last);
  auto found = cache.keys(first, *behind, false);
  // Segments are coarser than the range of time, and within a segment all record keys are mixed.
  std::erase_if(found, [&](const std::string& cache_key) {
    return time(cache_key) < from || time(cache_key) > to || !within(record_key(cache_key), key_from, key_to);
  });
  return found;
}

}  // namespace millrace::detail
