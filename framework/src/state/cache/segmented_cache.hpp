// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/common/time.hpp"
#include "millrace/state/detail/bytes_store.hpp"
#include "named_cache.hpp"
#include "state/rocksdb/layout.hpp"

namespace millrace::detail {

/// The keys that the caches of window and session stores use: `segment (8) | key as in the changelog`. With the segment
/// first, the cache's keys sort as RocksDB's do, so both can be merged. (Kafka Streams: `SegmentedCacheFunction`.)
///
/// The segment is time / interval, where time is the window's start or the session's end. Behind the record key comes a
/// suffix of fixed length, which begins with that time. Times are ms since the epoch and not negative. Stateless.
class SegmentedCacheKeys {
 public:
  static constexpr std::size_t kSegmentBytes = 8;

  /// `interval_ms`: of a segment; the one that the store's layout in RocksDB uses. `suffix`: the number of bytes behind
  /// the record key.
  SegmentedCacheKeys(std::int64_t interval_ms, std::size_t suffix) : interval_ms_(interval_ms), suffix_(suffix) {}

  /// Appends only the segment. The caller appends the key next.
  void append_segment(std::string& out, Timestamp time) const;

  /// The cached keys of one record key with from <= time <= to, in byte order. Its cost grows with the segments that
  /// have entries in the cache, not with the range of time.
  [[nodiscard]] std::vector<std::string> of_one_key(NamedCache& cache, std::string_view key, Timestamp from,
                                                    Timestamp to) const;
  /// The cached keys of all record keys in [key_from, key_to] (inclusive; nullopt: open) with from <= time <= to, in
  /// byte order.
  [[nodiscard]] std::vector<std::string> of_keys(NamedCache& cache, BytesView key_from, BytesView key_to,
                                                 Timestamp from, Timestamp to) const;

 private:
  // Both read a part of a cache key. The view is valid while the cache key is.
  [[nodiscard]] std::string_view record_key(std::string_view cache_key) const;
  [[nodiscard]] Timestamp time(std::string_view cache_key) const;
  /// A bound for a range scan: `segment | key | time`, filled with `filler` up to the length of a cache key.
  [[nodiscard]] std::string bound(layout::SegmentId segment, std::string_view key, Timestamp time, char filler) const;
  [[nodiscard]] layout::SegmentId segment(Timestamp time) const { return layout::SegmentId(time / interval_ms_); }

  std::int64_t interval_ms_;
  std::size_t suffix_;
};

}  // namespace millrace::detail
