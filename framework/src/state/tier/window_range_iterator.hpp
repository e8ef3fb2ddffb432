// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "state/open_walks.hpp"
#include "state/rocksdb/database_store.hpp"
#include "state/rocksdb/layout.hpp"
#include "window_snapshot.hpp"

namespace millrace::detail {

/// Iterates over a range of keys and window starts of a RocksDB window store. The order is that of Kafka Streams: by
/// segment, then by the bytes `key + start + seq`. Backward is exactly the reverse. Shows the store as it was when the
/// iterator was made. It merges two sources: RocksDB, and an overlay, which is a copy of the entries in the in-memory
/// tier.
class WindowRangeIterator final : public WindowBytesIterator {
 public:
  /// All bounds are inclusive. A key of nullopt is open. Times are window starts in ms.
  struct Range {
    std::optional<std::string> key_from;
    std::optional<std::string> key_to;
    Timestamp from = 0;
    Timestamp to = 0;
  };

  /// Reads entries with start <= `stored_to` from RocksDB, where the overlay's entries replace stored ones. Entries
  /// with a later start come from the overlay only. `walks` is the store's list of open iterators.
  WindowRangeIterator(OpenWalks<WindowRangeIterator>& walks, const StorePlace& place, std::string store,
                      std::int64_t segment_interval_ms, Range range, Timestamp stored_to,
                      std::vector<WindowItem> overlay, bool forward);
  WindowRangeIterator(const WindowRangeIterator&) = delete;
  WindowRangeIterator& operator=(const WindowRangeIterator&) = delete;
  ~WindowRangeIterator() override;

  /// The database is closing: release RocksDB's iterator and show no more entries.
  void close();

  [[nodiscard]] bool valid() override { return valid_; }
  void next() override;
  [[nodiscard]] std::string_view key() const override {
    return at_overlay_ ? overlay_[next_overlay_].key : stored_.key;
  }
  [[nodiscard]] std::string_view value() const override {
    return at_overlay_ ? std::string_view(overlay_[next_overlay_].value) : view(rocks_->value());
  }
  [[nodiscard]] Timestamp window_start() const override {
    return at_overlay_ ? overlay_[next_overlay_].start : stored_.start;
  }
  [[nodiscard]] Sequence seq() const override { return at_overlay_ ? overlay_[next_overlay_].seq : stored_.seq; }

 private:
  // See the definitions.
  void sort_overlay();
  void find_key_bounds();
  // The iterator visits one segment after the other, because within a segment the keys start again.
  void enter_segment(layout::SegmentId segment);
  [[nodiscard]] layout::SegmentId segment(Timestamp start) const { return layout::SegmentId(start / interval_ms_); }
  void settle_rocks();
  void settle();
  [[nodiscard]] std::strong_ordering overlay_against_stored() const;

  OpenWalks<WindowRangeIterator>* walks_;  // null: closed
  std::filesystem::path directory_;        // for error messages
  std::string store_;                      // the store's name, for error messages
  std::int64_t interval_ms_;               // the segment interval
  Range range_;
  Timestamp stored_to_;
  std::vector<WindowItem> overlay_;  // sorted in the order of iteration
  std::size_t next_overlay_ = 0;
  bool forward_;
  std::string first_in_segment_;                // the smallest bytes that can follow the segment in this range
  std::optional<std::string> last_in_segment_;  // the largest such bytes; nullopt: no upper bound
  std::unique_ptr<rocksdb::Iterator> rocks_;    // null: RocksDB has no more entries in the range
  layout::SegmentId segment_;                   // the segment that the iterator has entered
  layout::SegmentedKey stored_;                 // RocksDB's present entry; the views are valid until `rocks_` moves
  bool at_overlay_ = false;                     // the present entry comes from the overlay
  bool valid_ = false;
};

}  // namespace millrace::detail
