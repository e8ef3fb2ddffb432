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

/// How the caches of window and session stores spell their keys: `segment (8) | key as the changelog has it`, so that
/// their order is the order in which those stores walk in RocksDB. The segment is time / interval; the time is the
/// first thing behind the record key. (Kafka Streams: `SegmentedCacheFunction`.)
class SegmentedCacheKeys {
 public:
  static constexpr std::size_t kSegmentBytes = 8;

  /// `suffix`: bytes behind the record key.
  SegmentedCacheKeys(std::int64_t interval_ms, std::size_t suffix) : interval_ms_(interval_ms), suffix_(suffix) {}

  /// Appends the segment of a key; the key itself is to follow.
  void append_segment(std::string& out, Timestamp time) const;

  /// The cache's keys of a record key with from <= time <= to, in order.
  [[nodiscard]] std::vector<std::string> of_one_key(NamedCache& cache, std::string_view key, Timestamp from,
                                                    Timestamp to) const;
  /// Those of all record keys in [key_from, key_to] (nullopt: open).
  [[nodiscard]] std::vector<std::string> of_keys(NamedCache& cache, BytesView key_from, BytesView key_to,
                                                 Timestamp from, Timestamp to) const;

 private:
  [[nodiscard]] std::string_view record_key(std::string_view cache_key) const;
  [[nodiscard]] Timestamp time(std::string_view cache_key) const;
  /// `segment | key | time`, filled up with `filler` to the length of a key.
  [[nodiscard]] std::string bound(layout::SegmentId segment, std::string_view key, Timestamp time, char filler) const;
  [[nodiscard]] layout::SegmentId segment(Timestamp time) const { return layout::SegmentId(time / interval_ms_); }

  std::int64_t interval_ms_;
  std::size_t suffix_;
};

}  // namespace millrace::detail
