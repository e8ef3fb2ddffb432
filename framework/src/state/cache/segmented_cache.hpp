#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/common/time.hpp"
#include "millrace/state/detail/bytes_store.hpp"
#include "named_cache.hpp"

namespace millrace::detail {

/// How the caches of window and session stores spell their keys: `segment (8) | key as the changelog has it`, so that
/// their order is the order in which those stores walk. The segment is time / interval; the time is the first thing
/// behind the record key. (Kafka Streams: `SegmentedCacheFunction`.)
///
/// What a walk looks at lies between two such keys, and that is more than it shows. All of it counts as used, which
/// decides what leaves a small cache: so the limits are Java's.
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
  /// entry that was ever put, be it older than `from`, and goes to the beginning of each segment. Sessions that start
  /// after `latest_start` need not be there.
  [[nodiscard]] std::vector<std::string> around_one_key(std::string_view key, Timestamp from, Timestamp to,
                                                        bool forward, Timestamp latest_start = kEndOfTime) const;
  [[nodiscard]] bool is_of(std::string_view cache_key, std::string_view key) const {
    return cache_key.size() == kSegmentBytes + key.size() + suffix_ && record_key(cache_key) == key;
  }

  /// All keys among which the windows of the record keys in [key_from, key_to] (nullopt: open) with from <= time <= to
  /// are, in order. Kafka Streams looks for a range of keys in each segment, where times tell only the keys at the ends
  /// apart; with the interval 1 among all that is not later than `to`; and for all keys everywhere. In a cache that is
  /// not small these are only the keys asked for: there it would take too long.
  [[nodiscard]] std::vector<std::string> around_windows(BytesView key_from, BytesView key_to, Timestamp from,
                                                        Timestamp to, bool forward) const;
  /// The same for sessions that end at `earliest_end` or later; Kafka Streams passes the whole cache.
  [[nodiscard]] std::vector<std::string> around_sessions(BytesView key_from, BytesView key_to,
                                                         Timestamp earliest_end) const;

 private:
  static constexpr Timestamp kEndOfTime = std::numeric_limits<Timestamp>::max();

  /// The keys of all record keys in [key_from, key_to] (nullopt: open) with from <= time <= to, in order.
  [[nodiscard]] std::vector<std::string> of_keys(BytesView key_from, BytesView key_to, Timestamp from,
                                                 Timestamp to) const;
  [[nodiscard]] std::string_view record_key(std::string_view cache_key) const;
  [[nodiscard]] Timestamp time(std::string_view cache_key) const;
  /// The segment of the first key >= `cache_key`; nullopt: there is none.
  [[nodiscard]] std::optional<std::int64_t> next_segment(std::string_view cache_key) const;
  /// The least key of a record key from `time` on, in a segment.
  [[nodiscard]] std::string first_key(std::int64_t segment, std::string_view key, Timestamp time) const;
  /// The largest key of a record key up to `time`; of sessions the one that starts at `latest_start`, if that is
  /// before.
  [[nodiscard]] std::string last_key(std::int64_t segment, std::string_view key, Timestamp time,
                                     Timestamp latest_start) const;
  /// The largest key of any record key up to `key`, in a segment.
  [[nodiscard]] std::string last_up_to(std::int64_t segment, std::string_view key, Timestamp time) const;
  [[nodiscard]] std::int64_t segment(Timestamp time) const { return time / interval_ms_; }

  NamedCache& cache_;
  std::int64_t interval_ms_;
  std::size_t suffix_;
  Timestamp newest_ = kNoTimestamp;
};

}  // namespace millrace::detail
