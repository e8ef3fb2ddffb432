// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker/embedded/page.hpp"
#include "broker/embedded/storage.hpp"
#include "broker/embedded/topic_settings.hpp"

namespace millrace::detail::embedded {

/// One compaction of one partition. Used once, by the Cleaner.
///
/// Keeps the newest record of each key. Removes a deleted key (null value, a tombstone) completely when
/// delete.retention.ms have passed since a compaction first saw the tombstone. Joins small batches. Removes aborted
/// records and control batches. Offsets of records do not change.
class Compaction {
 public:
  /// Tells whether a page belongs to an aborted transaction.
  using IsAborted = std::function<bool(const Page& page)>;

  /// `now` is wall-clock time. `settings` and `stop` must outlive the object.
  Compaction(Storage& storage, TopicId topic_id, PartitionId partition, const TopicSettings& settings, Timestamp now,
             const std::atomic<bool>& stop)
      : storage_(storage), topic_id_(topic_id), partition_(partition), settings_(settings), now_(now), stop_(stop) {}

  /// First pass: finds the offset of each key's newest record in `range`. Returns the end of the part that was read,
  /// exclusive. This is `range.to`, or the first batch that is younger than min.compaction.lag.ms, or the point at
  /// which the keys fill their memory.
  [[nodiscard]] Offset map_latest(const OffsetRange& range, const IsAborted& is_aborted);

  /// Second pass: writes the batches of `range` again, a few megabytes at a time. Each piece replaces the batches
  /// that it was made from. `write` stores the changes; `last` is true for the last piece. If `write` returns false,
  /// the compaction stops; the pieces written so far stay valid.
  void rewrite(const OffsetRange& range, const IsAborted& is_aborted,
               const std::function<bool(Storage::Changes& changes, bool last)>& write);

  /// The number of records that rewrite() kept.
  [[nodiscard]] std::uint64_t records_kept() const { return kept_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  };

  /// True if the record stays. `horizon` is the time from which the tombstones of its batch may be removed; 0 means not
  /// yet set.
  [[nodiscard]] bool keep(const PageRecord& record, Timestamp horizon) const;

  Storage& storage_;
  const TopicId topic_id_;
  const PartitionId partition_;
  const TopicSettings& settings_;
  const Timestamp now_;
  const std::atomic<bool>& stop_;  ///< set when the broker closes; checked between two batches
  /// The offset of each key's newest record, from map_latest().
  std::unordered_map<std::string, Offset, Hash, std::equal_to<>> latest_;
  std::uint64_t kept_ = 0;
};

}  // namespace millrace::detail::embedded
