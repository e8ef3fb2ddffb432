#include "segmented_cache.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "millrace/state/detail/formats.hpp"
#include "state/byte_ranges.hpp"
#include "state/tier/window_snapshot.hpp"

namespace millrace::detail {

namespace {

void append_number(std::string& out, std::int64_t number) {
  formats::append_be64(out, static_cast<std::uint64_t>(number));
}

constexpr std::size_t kTimeBytes = 8;
constexpr std::uint32_t kLastSeq = 0x7fffffff;

BytesView viewed(const std::optional<std::string>& bytes) { return bytes ? BytesView(*bytes) : std::nullopt; }

}  // namespace

void SegmentedCacheKeys::append_segment(std::string& out, Timestamp time) const { append_number(out, segment(time)); }

std::string_view SegmentedCacheKeys::record_key(std::string_view cache_key) const {
  return cache_key.substr(kSegmentBytes, cache_key.size() - kSegmentBytes - suffix_);
}

Timestamp SegmentedCacheKeys::time(std::string_view cache_key) const {
  return static_cast<Timestamp>(formats::load_be64(cache_key.data() + cache_key.size() - suffix_));
}

std::optional<std::int64_t> SegmentedCacheKeys::next_segment(std::string_view cache_key) const {
  const auto first = cache_.first_from(cache_key);
  if (!first) return std::nullopt;
  return static_cast<std::int64_t>(formats::load_be64(first->data()));
}

std::string SegmentedCacheKeys::first_key(std::int64_t segment, std::string_view key, Timestamp time) const {
  std::string bytes;
  append_number(bytes, segment);
  bytes.append(key);
  append_number(bytes, time);
  bytes.append(suffix_ - kTimeBytes, '\0');
  return bytes;
}

std::string SegmentedCacheKeys::last_key(std::int64_t segment, std::string_view key, Timestamp time,
                                         Timestamp latest_start) const {
  std::string bytes;
  append_number(bytes, segment);
  bytes.append(key);
  append_number(bytes, time);
  if (suffix_ == formats::kSessionKeySuffixBytes) {
    append_number(bytes, std::min(latest_start, time));
  } else {
    formats::append_be32(bytes, kLastSeq);
  }
  return bytes;
}

std::string SegmentedCacheKeys::last_up_to(std::int64_t segment, std::string_view key, Timestamp time) const {
  // A longer key that begins with bytes less than those of the time comes before it. So with a time that is not small,
  // the key is cut off where such a byte could follow. (Kafka Streams: `OrderedBytes.upperRange`.)
  if (const auto first_of_time = static_cast<unsigned char>(static_cast<std::uint64_t>(time) >> 56)) {
    std::size_t kept = std::min<std::size_t>(key.size(), 1);
    while (kept < key.size() && static_cast<unsigned char>(key[kept]) >= first_of_time) ++kept;
    key = key.substr(0, kept);
  }
  return last_key(segment, key, time, kEndOfTime);
}

std::vector<std::string> SegmentedCacheKeys::around_one_key(std::string_view key, Timestamp from, Timestamp to,
                                                            bool forward, Timestamp latest_start) const {
  std::vector<std::string> found;
  from = std::max<Timestamp>(from, 0);
  if (to < from) return found;
  if (interval_ms_ == 1) return cache_.keys(first_key(from, key, from), last_key(to, key, to, latest_start), true);
  if (!forward) {
    to = std::min(to, newest_);
    if (to < 0) return found;
    from = std::min(segment(from), segment(to)) * interval_ms_;
  }
  for (std::int64_t at = segment(from); at <= segment(to); ++at) {
    const Timestamp begin = at * interval_ms_;
    const std::string lower = first_key(at, key, std::max(from, begin));
    const auto next = next_segment(lower);
    if (!next) break;
    if (*next > at) {
      at = *next - 1;
      continue;
    }
    const Timestamp end = begin > to - interval_ms_ ? to : begin + interval_ms_ - 1;
    auto in_segment = cache_.keys(lower, last_key(at, key, end, latest_start), true);
    std::ranges::move(in_segment, std::back_inserter(found));
  }
  return found;
}

std::vector<std::string> SegmentedCacheKeys::around_windows(BytesView key_from, BytesView key_to, Timestamp from,
                                                            Timestamp to, bool forward) const {
  from = std::max<Timestamp>(from, 0);
  if (to < from || (key_from && key_to && *key_from > *key_to) || newest_ < 0) return {};
  if (!cache_.is_small()) return of_keys(key_from, key_to, from, to);
  if (!key_from && !key_to) return cache_.keys(std::nullopt, std::nullopt, true);
  std::int64_t first = 0;
  std::int64_t last = to;
  if (interval_ms_ != 1) {
    first = segment(from);
    last = segment(std::min(to, newest_));
    if (forward) {
      last = std::max(first, last);
    } else {
      first = std::min(first, last);
    }
  }
  const auto range = [&](std::int64_t from_segment, std::int64_t to_segment) {
    const auto lower = key_from ? std::optional(first_key(from_segment, *key_from, 0)) : std::nullopt;
    const auto upper = key_to ? std::optional(last_up_to(to_segment, *key_to, to)) : std::nullopt;
    return cache_.keys(viewed(lower), viewed(upper), true);
  };
  std::vector<std::string> passed;
  if (interval_ms_ == 1 || !key_from || !key_to) {
    // From or to an open end, Kafka Streams passes the cache once again for each segment, and shows it, too.
    passed = range(first, last);
  } else {
    for (std::int64_t at = first; at <= last; ++at) {
      const auto next = next_segment(first_key(at, *key_from, 0));
      if (!next || *next > last) break;
      at = *next;
      auto in_segment = range(at, at);
      std::ranges::move(in_segment, std::back_inserter(passed));
    }
  }
  // Kafka Streams misses a key with which key_to begins if the next byte is less than the entry's time.
  std::vector<std::string> all;
  std::ranges::set_union(passed, of_keys(key_from, key_to, from, to), std::back_inserter(all));
  return all;
}

std::vector<std::string> SegmentedCacheKeys::around_sessions(BytesView key_from, BytesView key_to,
                                                             Timestamp earliest_end) const {
  if (key_from && key_to && *key_from > *key_to) return {};
  if (!cache_.is_small()) return of_keys(key_from, key_to, earliest_end, kEndOfTime);
  // Java's limits are those of segment 0 and of the last that could be.
  const auto lower = key_from ? std::optional(first_key(0, *key_from, 0)) : std::nullopt;
  return cache_.keys(viewed(lower), std::nullopt, true);
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

}  // namespace millrace::detail
