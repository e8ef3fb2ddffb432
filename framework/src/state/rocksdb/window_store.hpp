// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "database_store.hpp"
#include "layout.hpp"
#include "state/observing_store.hpp"
#include "state/open_walks.hpp"
#include "state/tier/window_range_iterator.hpp"
#include "state/tier/window_tier.hpp"

namespace millrace::detail {

/// A window store in a column family of the task's database, with an in-memory tier in front. (Kafka Streams:
/// `RocksDBWindowStore`; its segments are separate databases, here they are the first part of the key.)
///
/// Writes stay in the tier until the commit. Recent windows are complete in the tier, so most reads do not reach
/// RocksDB. Expired entries are invisible at once, and RocksDB removes them later.
///
/// One difference from Kafka Streams: sequence numbers of duplicates continue after a restart. Java starts at 1 again.
/// A new value can then get the key, timestamp and number of a stored value and overwrite it, so a join loses a record.
///
/// Used by the thread of the task alone.
class PersistentWindowStore final : public WindowBytesStore, public DatabaseStore, public ObservingStore {
 public:
  /// `stored`: the store's meta data as of the last commit; nullopt: the store is new.
  PersistentWindowStore(Registry& registry, StorePlace place, std::string name, const WindowStoreOptions& options,
                        const std::optional<layout::WindowMeta>& stored);

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool persistent() const override { return true; }
  [[nodiscard]] Timestamp observed_stream_time() const override { return meta_.observed_stream_time; }
  [[nodiscard]] const WindowStoreOptions& options() const override { return options_; }

  Sequence put(std::string_view key, BytesView value, Timestamp window_start) override;
  [[nodiscard]] BytesView fetch(std::string_view key, Timestamp window_start) override;
  void fetch_each(std::string_view key, Timestamp from, Timestamp to,
                  FunctionRef<bool(Timestamp, std::string_view)> visit) override;
  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                           bool forward) override;
  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch_range(BytesView key_from, BytesView key_to, Timestamp from,
                                                                 Timestamp to, bool forward) override;
  void restore(std::span<const RestoreRecord> records) override;
  void observe_time(Timestamp time) override;

  [[nodiscard]] const std::string& store_name() const override { return name_; }
  [[nodiscard]] std::size_t uncommitted_bytes() const override { return tier_.dirty_bytes(); }
  void write_to(rocksdb::WriteBatch& batch) override;
  void committed() override;
  void discarded() override;
  void wiped() override;

  /// As of the last commit, entries with an earlier start are expired. In ms.
  [[nodiscard]] Timestamp committed_live_from() const { return live_from(committed_meta_.observed_stream_time); }
  /// Deletes the files that contain only segments before `live_from`. Does nothing if there is no new such segment.
  void trim(Timestamp live_from);

 private:
  // A live entry during visit_merged(): start, sequence number, value.
  struct Found;

  // Destroys all RocksDB iterators of this store.
  void release() override {
    seeker_.reset();
    walks_.close();
  }

  // The earliest start that is alive at this stream time.
  [[nodiscard]] Timestamp live_from(Timestamp stream_time) const;
  [[nodiscard]] layout::SegmentId segment(Timestamp start) const {
    return layout::SegmentId(start / meta_.segment_interval_ms);
  }
  /// Advances stream time to `start`. Returns true if it was later than the old stream time.
  bool observe(Timestamp start);
  // Adds stream time and sequence number to the batch.
  void write_meta(rocksdb::WriteBatch& batch);
  // The slow path of reads: merges RocksDB and the tier. See the definition.
  bool visit_merged(std::string_view key, Timestamp from, Timestamp to, FunctionRef<bool(const Found&)> visit);

  std::string name_;
  WindowStoreOptions options_;
  layout::WindowMeta meta_;            // as of now, with uncommitted writes
  layout::WindowMeta committed_meta_;  // as of the last commit
  Timestamp live_from_ = 0;            // entries with an earlier start are expired
  WindowTier tier_;
  std::unique_ptr<rocksdb::Iterator> seeker_;  // reused for several lookups, until RocksDB's content changes
  std::string scratch_key_;                    // holds the key of the present RocksDB operation
  rocksdb::PinnableSlice answer_;              // holds the value that the last fetch() returned
  layout::SegmentId trimmed_segment_;          // files before this segment are deleted
  OpenWalks<WindowRangeIterator> walks_;       // open iterators
};

}  // namespace millrace::detail
