// SPDX-License-Identifier: Apache-2.0
#include "window_range_iterator.hpp"

#include <algorithm>

namespace millrace::detail {

// The overlay is copied already, and RocksDB's iterator reads a snapshot. So later writes to the store do not show.
WindowRangeIterator::WindowRangeIterator(OpenWalks<WindowRangeIterator>& walks, const StorePlace& place,
                                         std::string store, std::int64_t segment_interval_ms, Range range,
                                         Timestamp stored_to, std::vector<WindowItem> overlay, bool forward)
    : walks_(&walks),
      directory_(place.directory),
      store_(std::move(store)),
      interval_ms_(segment_interval_ms),
      range_(std::move(range)),
      stored_to_(stored_to),
      overlay_(std::move(overlay)),
      forward_(forward) {
  sort_overlay();
  if (stored_to_ >= range_.from) {
    find_key_bounds();
    rocks_.reset(place.db->NewIterator({}, place.family));
    enter_segment(segment(forward_ ? range_.from : stored_to_));
    settle_rocks();
  }
  settle();
  walks_->add(*this);
}

WindowRangeIterator::~WindowRangeIterator() {
  // Null: the store has closed this iterator and forgotten it.
  if (walks_ != nullptr) walks_->remove(*this);
}

void WindowRangeIterator::close() {
  rocks_.reset();
  overlay_.clear();
  next_overlay_ = 0;
  at_overlay_ = valid_ = false;
  walks_ = nullptr;
}

// Sorts as RocksDB does: by segment, then by bytes.
void WindowRangeIterator::sort_overlay() {
  std::sort(overlay_.begin(), overlay_.end(), [this](const WindowItem& a, const WindowItem& b) {
    // Different segments: the earlier start is in the earlier segment.
    if (segment(a.start) != segment(b.start)) return a.start < b.start;
    return compare_window_keys(a.key, a.start, a.seq, b.key, b.start, b.seq) < 0;
  });
  if (!forward_) std::reverse(overlay_.begin(), overlay_.end());
}

// In RocksDB an entry's key is | segment | key | start | seq |. Computes the smallest and largest bytes that can follow
// the segment in this range.
void WindowRangeIterator::find_key_bounds() {
  if (range_.key_from) first_in_segment_ = *range_.key_from;
  if (range_.key_to) last_in_segment_ = layout::last_in_segment(*range_.key_to, stored_to_);
}

// Moves RocksDB's iterator to the first entry (backward: last entry) of the range in this segment.
void WindowRangeIterator::enter_segment(layout::SegmentId segment) {
  segment_ = segment;
  std::string target;
  if (forward_) {
    layout::append_segment(target, segment);
    // Without a lower bound of keys, first_in_segment_ is empty: the beginning of the segment.
    rocks_->Seek(target + first_in_segment_);
  } else if (last_in_segment_) {
    layout::append_segment(target, segment);
    rocks_->SeekForPrev(target + *last_in_segment_);
  } else {
    layout::append_segment(target, segment + 1);
    rocks_->SeekForPrev(target);
    // SeekForPrev also finds the target itself, which belongs to the next segment.
    if (rocks_->Valid() && view(rocks_->key()) == target) rocks_->Prev();
  }
}

// Moves RocksDB's iterator from its present entry to the next entry in the range. Releases the iterator if there is
// none.
void WindowRangeIterator::settle_rocks() {
  const layout::SegmentId last_segment = segment(forward_ ? stored_to_ : range_.from);
  for (;;) {
    if (!rocks_->Valid()) {
      check(rocks_->status(), "walk over", store_, directory_);
      rocks_.reset();
      return;
    }
    stored_ = layout::read_segmented_key(view(rocks_->key()));
    // Past the last segment of the range.
    if (forward_ ? stored_.segment > last_segment : stored_.segment < last_segment) {
      rocks_.reset();
      return;
    }
    if (stored_.segment != segment_) {
      // The iterator has left a segment: seek directly to the range in the new segment.
      enter_segment(stored_.segment);
      continue;
    }
    const std::string_view in_segment = view(rocks_->key()).substr(layout::kSegmentBytes);
    const bool past = forward_ ? last_in_segment_ && in_segment > *last_in_segment_ : in_segment < first_in_segment_;
    if (past) {
      if (segment_ == last_segment) {
        rocks_.reset();
        return;
      }
      // No more keys of the range in this segment. Skip the rest of it.
      enter_segment(forward_ ? segment_ + 1 : segment_ - 1);
      continue;
    }
    // Bytes within the bounds can still belong to a key or a start outside the range.
    if (stored_.start >= range_.from && stored_.start <= stored_to_ &&
        within(stored_.key, range_.key_from, range_.key_to)) {
      return;
    }
    forward_ ? rocks_->Next() : rocks_->Prev();
  }
}

// Compares in the direction of iteration: less means that the overlay's entry comes first.
std::strong_ordering WindowRangeIterator::overlay_against_stored() const {
  const WindowItem& item = overlay_[next_overlay_];
  const auto by_segment = segment(item.start) <=> stored_.segment;
  const auto order = by_segment != 0
                         ? by_segment
                         : compare_window_keys(item.key, item.start, item.seq, stored_.key, stored_.start, stored_.seq);
  return forward_ ? order : 0 <=> order;
}

// Chooses the source of the next entry. If both sources have an entry, the overlay's is newer and is used.
void WindowRangeIterator::settle() {
  for (;;) {
    const bool more_overlay = next_overlay_ < overlay_.size();
    valid_ = more_overlay || rocks_ != nullptr;
    if (!valid_) return;
    at_overlay_ = more_overlay;
    if (more_overlay && rocks_ != nullptr) {
      const auto order = overlay_against_stored();
      // Skip the stored entry: it is overwritten or deleted by the overlay.
      if (order == 0) {
        forward_ ? rocks_->Next() : rocks_->Prev();
        settle_rocks();
        continue;
      }
      at_overlay_ = order < 0;
    }
    if (!at_overlay_ || !overlay_[next_overlay_].deleted) return;
    ++next_overlay_;
  }
}

void WindowRangeIterator::next() {
  if (!valid_) return;  // at the end, or the store has closed
  if (at_overlay_) {
    ++next_overlay_;
  } else {
    forward_ ? rocks_->Next() : rocks_->Prev();
    settle_rocks();
  }
  settle();
}

}  // namespace millrace::detail
