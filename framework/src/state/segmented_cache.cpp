#include "segmented_cache.hpp"

#include <algorithm>

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

std::vector<std::string> SegmentedCacheKeys::of_one_key(std::string_view key, Timestamp from, Timestamp to) const {
  std::vector<std::string> found;
  from = std::max<Timestamp>(from, 0);
  if (to < from) return found;
  const auto last = static_cast<std::uint64_t>(segment(to));
  for (auto at = static_cast<std::uint64_t>(segment(from)); at <= last; ++at) {
    std::string lower;
    formats::append_be64(lower, at);
    lower.append(key);
    append_number(lower, from);
    const auto first = cache_.first_from(lower);
    if (!first) break;
    const std::uint64_t next = formats::load_be64(first->data());
    if (next > at) {
      at = next - 1;
      continue;
    }
    std::string upper;
    formats::append_be64(upper, at);
    upper.append(key);
    append_number(upper, to);
    upper.append(suffix_, '\xff');
    for (std::string& candidate : cache_.keys(lower, upper, true)) {
      if (candidate.size() != kSegmentBytes + key.size() + suffix_ || record_key(candidate) != key) continue;
      found.push_back(std::move(candidate));
    }
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
