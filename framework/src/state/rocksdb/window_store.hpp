#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "database_store.hpp"
#include "layout.hpp"
#include "state/open_walks.hpp"
#include "state/tier/window_range_iterator.hpp"
#include "state/tier/window_tier.hpp"

namespace millrace::detail {

/// A window store in a column family of the task's database, behind its memory tier.
///
/// Differs from Kafka Streams in one point: the sequence numbers of duplicates go on where the stored or restored ones
/// ended. Java starts at 1 again in each instance, so that after a restart a second value with the key, timestamp and
/// number of a stored one overwrites it: a join silently loses a record.
class PersistentWindowStore final : public WindowBytesStore, public DatabaseStore {
 public:
  /// `stored`: what the database knows about the store from before; nullopt: it is new.
  PersistentWindowStore(Registry& registry, StorePlace place, std::string name, const WindowStoreOptions& options,
                        const std::optional<layout::WindowMeta>& stored);

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool persistent() const override { return true; }
  [[nodiscard]] Timestamp observed_stream_time() const override { return meta_.observed_stream_time; }
  [[nodiscard]] const WindowStoreOptions& options() const override { return options_; }

  std::uint32_t put(std::string_view key, BytesView value, Timestamp window_start) override;
  [[nodiscard]] BytesView fetch(std::string_view key, Timestamp window_start) override;
  void fetch_each(std::string_view key, Timestamp from, Timestamp to,
                  FunctionRef<bool(Timestamp, std::string_view)> visit) override;
  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                           bool forward) override;
  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch_range(BytesView key_from, BytesView key_to, Timestamp from,
                                                                 Timestamp to, bool forward) override;
  void restore(std::span<const RestoreRecord> records) override;

  [[nodiscard]] const std::string& store_name() const override { return name_; }
  [[nodiscard]] std::size_t uncommitted_bytes() const override { return tier_.dirty_bytes(); }
  void write_to(rocksdb::WriteBatch& batch) override;
  void committed() override;
  void discarded() override;
  void wiped() override;

  /// Entries that start before this are gone for good as of the last commit.
  [[nodiscard]] Timestamp committed_live_from() const { return live_from(committed_meta_.observed_stream_time); }
  /// Frees the files of segments that lie wholly before `live_from`, if there are any since the last call.
  void trim(Timestamp live_from);

 private:
  struct Found;

  void release() override {
    seeker_.reset();
    walks_.close();
  }

  [[nodiscard]] Timestamp live_from(Timestamp stream_time) const;
  [[nodiscard]] std::int64_t segment(Timestamp start) const { return start / meta_.segment_interval_ms; }
  /// Advances stream time; true if `start` is later than all before.
  bool observe(Timestamp start);
  void write_meta(rocksdb::WriteBatch& batch);
  bool visit_merged(std::string_view key, Timestamp from, Timestamp to, FunctionRef<bool(const Found&)> visit);

  std::string name_;
  WindowStoreOptions options_;
  layout::WindowMeta meta_;
  layout::WindowMeta committed_meta_;
  Timestamp live_from_ = 0;  // entries that start before this are expired
  WindowTier tier_;
  std::unique_ptr<rocksdb::Iterator> seeker_;  // kept from lookup to lookup, until RocksDB's content changes
  std::string scratch_key_;
  rocksdb::PinnableSlice answer_;
  std::int64_t trimmed_segment_ = 0;
  OpenWalks<WindowRangeIterator> walks_;
};

}  // namespace millrace::detail
