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

/// Walks over a range of keys and starts of a persistent window store, as Kafka Streams' RocksDB stores do: segment by
/// segment, then by the bytes `key + start + seq`; backward exactly the other way round. Shows the store as it was when
/// the walk began.
class WindowRangeIterator final : public WindowBytesIterator {
 public:
  struct Range {
    std::optional<std::string> key_from;
    std::optional<std::string> key_to;
    Timestamp from = 0;
    Timestamp to = 0;
  };

  /// Entries up to `stored_to` are read from RocksDB and corrected by `overlay`; later ones come from `overlay` alone.
  WindowRangeIterator(OpenWalks<WindowRangeIterator>& walks, const StorePlace& place, std::string store,
                      std::int64_t segment_interval_ms, Range range, Timestamp stored_to,
                      std::vector<WindowItem> overlay, bool forward);
  WindowRangeIterator(const WindowRangeIterator&) = delete;
  WindowRangeIterator& operator=(const WindowRangeIterator&) = delete;
  ~WindowRangeIterator() override;

  /// The store is closing.
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
  [[nodiscard]] std::uint32_t seq() const override { return at_overlay_ ? overlay_[next_overlay_].seq : stored_.seq; }

 private:
  void sort_overlay();
  void find_key_bounds();
  void enter_segment(std::int64_t segment);
  void settle_rocks();
  void settle();
  [[nodiscard]] std::strong_ordering overlay_against_stored() const;

  OpenWalks<WindowRangeIterator>* walks_;  // null: closed
  std::filesystem::path directory_;
  std::string store_;
  std::int64_t interval_ms_;
  Range range_;
  Timestamp stored_to_;
  std::vector<WindowItem> overlay_;  // in the order of the walk
  std::size_t next_overlay_ = 0;
  bool forward_;
  std::string first_in_segment_;  // no entry of the range has smaller bytes behind its segment
  std::optional<std::string> last_in_segment_;
  std::unique_ptr<rocksdb::Iterator> rocks_;  // null: nothing (more) to read there
  std::int64_t segment_ = 0;
  layout::SegmentedKey stored_;
  bool at_overlay_ = false;
  bool valid_ = false;
};

}  // namespace millrace::detail
