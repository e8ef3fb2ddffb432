#include "segmented_cache.hpp"

#include <algorithm>
#include <iterator>

#include "byte_ranges.hpp"
#include "millrace/state/formats.hpp"
#include "window_snapshot.hpp"

namespace millrace {

namespace {

void append_number(std::string& out, std::int64_t number) {
  formats::append_be64(out, static_cast<std::uint64_t>(number));
}

}  // namespace

void SegmentedCacheKeys::append_segment(std::string& out, Timestamp time) const { append_number(out, segment(time)); }

std::string_view SegmentedCacheKeys::record_key(std::string_view cache_key) const {
  return cache_key.substr(kSegmentBytes, cache_key.size() - kSegmentBytes - suffix_);
}

Timestamp SegmentedCacheKeys::time(std::string_view cache_key) const {
  return static_cast<Timestamp>(formats::load_be64(cache_key.data() + cache_key.size() - suffix_));
}

std::string SegmentedCacheKeys::limit(std::int64_t segment, std::string_view key, Timestamp time) const {
  std::string bytes;
  append_number(bytes, segment);
  bytes.append(key);
  append_number(bytes, time);
  return bytes;
}

std::vector<std::string> SegmentedCacheKeys::around_one_key(std::string_view key, Timestamp from, Timestamp to,
                                                            bool forward) const {
  std::vector<std::string> found;
  from = std::max<Timestamp>(from, 0);
  if (to < from) return found;
  const std::string behind(suffix_, '\xff');
  if (interval_ms_ == 1) return cache_.keys(limit(from, key, from), limit(to, key, to) + behind, true);
  if (!forward) {
    to = std::min(to, newest_);
    if (to < 0) return found;
    from = std::min(segment(from), segment(to)) * interval_ms_;
  }
  for (std::int64_t at = segment(from); at <= segment(to); ++at) {
    const Timestamp begin = at * interval_ms_;
    const std::string lower = limit(at, key, std::max(from, begin));
    const auto first = cache_.first_from(lower);
    if (!first) break;
    const auto next = static_cast<std::int64_t>(formats::load_be64(first->data()));
    if (next > at) {
      at = next - 1;
      continue;
    }
    const Timestamp end = begin > to - interval_ms_ ? to : begin + interval_ms_ - 1;
    auto in_segment = cache_.keys(lower, limit(at, key, end) + behind, true);
    std::ranges::move(in_segment, std::back_inserter(found));
  }
  return found;
}

std::vector<std::string> SegmentedCacheKeys::of_keys(BytesView key_from, BytesView key_to, Timestamp from,
                                                     Timestamp to) const {
  from = std::max<Timestamp>(from, 0);
  if (to < from || (key_from && key_to && *key_from > *key_to)) return {};
  std::string lower;
  append_number(lower, segment(from));
  std::string upper;
  append_number(upper, segment(to));
  const auto behind = end_of_prefix(upper);  // times are not negative, so there is one
  std::vector<std::string> found;
  for (std::string& candidate : cache_.keys(lower, *behind, false)) {
    if (time(candidate) < from || time(candidate) > to || !within(record_key(candidate), key_from, key_to)) continue;
    found.push_back(std::move(candidate));
  }
  return found;
}

}  // namespace millrace
