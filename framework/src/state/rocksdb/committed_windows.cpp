// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "committed_readers.hpp"
#include "database_store.hpp"
#include "layout.hpp"
#include "millrace/common/detail/saturating.hpp"
#include "state/task_database.hpp"
#include "state/tier/window_snapshot.hpp"

namespace millrace::detail {

namespace {

/// Reads entries of a window store. It must hide expired entries, because RocksDB removes them later than they expire.
class RocksDbWindowReader final : public CommittedWindowReader {
 public:
  RocksDbWindowReader(std::shared_ptr<ReaderGate> gate, rocksdb::ColumnFamilyHandle* family, std::string store,
                      const WindowStoreOptions& options)
      : gate_(std::move(gate)), family_(family), store_(std::move(store)), options_(options) {}

  [[nodiscard]] std::optional<std::string> fetch(std::string_view key, Timestamp window_start) const override {
    const ReaderGate::Visit visit(*gate_, store_);
    const Commit commit(*this);
    if (window_start < commit.live_from()) return std::nullopt;
    std::string entry;
    layout::write_segmented_key(entry, segment(window_start), key, window_start, Sequence());
    return read(*gate_, commit.options(), family_, entry, store_);
  }

  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                           bool forward) const override {
    return fetch_range(key, key, from, to, forward);
  }

  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch_range(BytesView key_from, BytesView key_to, Timestamp from,
                                                                 Timestamp to, bool forward) const override {
    auto items = collect(key_from, key_to, from, to);
    if (!forward) std::reverse(items.begin(), items.end());
    return std::make_unique<WindowSnapshotIterator>(std::move(items));
  }

 private:
  /// One commit of the store, with the stream time that was committed with it.
  class Commit {
   public:
    explicit Commit(const RocksDbWindowReader& reader) : snapshot_(reader.gate_->db()) {
      // The snapshot comes first. Otherwise a commit between the two reads could give entries of a later stream time.
      const auto bytes =
          read(*reader.gate_, options(), reader.gate_->meta(), layout::window_meta_key(reader.store_), reader.store_);
      if (!bytes) return;  // nothing was ever committed
      const auto meta = layout::read_window_meta(*bytes);
      if (!meta) {
        throw StateCorruptedException("window store '" + reader.store_ + "' in " + reader.gate_->directory().string() +
                                          " has unreadable meta data; the state must be deleted and restored",
                                      reader.gate_->directory());
      }
      stream_time_ = meta->observed_stream_time;
      live_from_ =
          std::max<Timestamp>(0, saturating_add(saturating_sub(stream_time_, reader.options_.retention_ms), 1));
    }

    [[nodiscard]] const rocksdb::ReadOptions& options() const { return snapshot_.options(); }
    [[nodiscard]] Timestamp stream_time() const { return stream_time_; }
    [[nodiscard]] Timestamp live_from() const { return live_from_; }

   private:
    CommitSnapshot snapshot_;
    Timestamp stream_time_ = kNoTimestamp;
    Timestamp live_from_ = 0;  // entries with an earlier start are expired; ms
  };

  [[nodiscard]] layout::SegmentId segment(Timestamp start) const {
    return layout::SegmentId(start / layout::segment_interval(options_.retention_ms));
  }

  // The first and the last bytes that an entry of this segment may have. Both inclusive.
  [[nodiscard]] static std::pair<std::string, std::string> bounds(layout::SegmentId segment, BytesView key_from,
                                                                  BytesView key_to, Timestamp from, Timestamp to) {
    std::pair<std::string, std::string> both;
    if (key_from && key_from == key_to) {
      layout::write_segmented_key(both.first, segment, *key_from, from, Sequence());
      layout::write_segmented_key(both.second, segment, *key_to, to, Sequence(0xffffffff));
      return both;
    }
    layout::append_segment(both.first, segment);
    both.first += key_from.value_or("");
    layout::append_segment(both.second, key_to ? segment : segment + 1);
    if (key_to) both.second += layout::last_in_segment(*key_to, to);
    return both;
  }

  // Copies the entries with key_from <= key <= key_to and from <= start <= to, in the order of RocksDB. Entries of one
  // key lie in several segments.
  [[nodiscard]] std::vector<WindowItem> collect(BytesView key_from, BytesView key_to, Timestamp from,
                                                Timestamp to) const {
    const ReaderGate::Visit visit(*gate_, store_);
    const Commit commit(*this);
    std::vector<WindowItem> items;
    from = std::max(from, commit.live_from());
    to = std::min(to, commit.stream_time());
    const std::unique_ptr<rocksdb::Iterator> it(gate_->db().NewIterator(commit.options(), family_));
    std::string found;  // a copy of RocksDB's key: see copy_out()
    for (layout::SegmentId at = segment(from); from <= to && at <= segment(to); ++at) {
      const auto [first, last] = bounds(at, key_from, key_to, from, to);
      for (it->Seek(first); it->Valid(); it->Next()) {
        copy_out(found, it->key());
        if (found > last) break;
        // Entries between the bounds may belong to other keys or times.
        const auto stored = layout::read_segmented_key(found);
        if (!within(stored.key, key_from, key_to) || stored.start < from || stored.start > to) continue;
        items.push_back({std::string(stored.key), stored.start, stored.seq, {}});
        copy_out(items.back().value, it->value());
      }
      check(it->status(), "read from", store_, gate_->directory());
    }
    return items;
  }

  std::shared_ptr<ReaderGate> gate_;
  rocksdb::ColumnFamilyHandle* family_;
  std::string store_;
  WindowStoreOptions options_;
};

}  // namespace

std::shared_ptr<const CommittedWindowReader> make_committed_window_reader(std::shared_ptr<ReaderGate> gate,
                                                                          rocksdb::ColumnFamilyHandle* family,
                                                                          std::string store,
                                                                          const WindowStoreOptions& options) {
  return std::make_shared<RocksDbWindowReader>(std::move(gate), family, std::move(store), options);
}

}  // namespace millrace::detail
