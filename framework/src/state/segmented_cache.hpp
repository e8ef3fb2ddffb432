#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/common/time.hpp"
#include "millrace/state/bytes_store.hpp"
#include "named_cache.hpp"

namespace millrace {

/// How the caches of window and session stores spell their keys: `segment (8) | key as the changelog has it`, so that
/// their order is the order in which those stores walk. The segment is time / interval; the time is the first thing
/// behind the record key. (Kafka Streams: `SegmentedCacheFunction`.)
class SegmentedCacheKeys {
 public:
  static constexpr std::size_t kSegmentBytes = 8;

  /// `interval_ms` of a store in memory is 1: it walks by time. `suffix`: bytes behind the record key.
  SegmentedCacheKeys(NamedCache& cache, std::int64_t interval_ms, std::size_t suffix)
      : cache_(cache), interval_ms_(interval_ms), suffix_(suffix) {}

  /// An entry of this time is put into the cache.
  void observe(Timestamp time) { newest_ = std::max(newest_, time); }

  /// Appends the segment of a key; the key itself is to follow.
  void append_segment(std::string& out, Timestamp time) const;

  /// All keys that lie between those of one record key with from <= time <= to, in order; with `is_of` come those
  /// themselves. In each segment there is hardly another one. But where the interval is 1 there are all of that time:
  /// Kafka Streams passes them, and so renews them in its cache. Backward it begins with the segment of the newest
  /// entry that was ever put, be it older than `from`, and goes to the beginning of each segment.
  [[nodiscard]] std::vector<std::string> around_one_key(std::string_view key, Timestamp from, Timestamp to,
                                                        bool forward) const;
  [[nodiscard]] bool is_of(std::string_view cache_key, std::string_view key) const {
    return cache_key.size() == kSegmentBytes + key.size() + suffix_ && record_key(cache_key) == key;
  }

  /// The keys of all record keys in [key_from, key_to] (nullopt: open) with from <= time <= to, in order.
  [[nodiscard]] std::vector<std::string> of_keys(BytesView key_from, BytesView key_to, Timestamp from,
                                                 Timestamp to) const;

 private:
  [[nodiscard]] std::string_view record_key(std::string_view cache_key) const;
  [[nodiscard]] Timestamp time(std::string_view cache_key) const;
  /// How the keys of a record key begin from `time` on, in a segment.
  [[nodiscard]] std::string limit(std::int64_t segment, std::string_view key, Timestamp time) const;
  [[nodiscard]] std::int64_t segment(Timestamp time) const { return time / interval_ms_; }

  NamedCache& cache_;
  std::int64_t interval_ms_;
  std::size_t suffix_;
  Timestamp newest_ = kNoTimestamp;
};

}  // namespace millrace
