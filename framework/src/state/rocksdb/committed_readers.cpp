#include "committed_readers.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "database_store.hpp"
#include "layout.hpp"
#include "state/task_database.hpp"
#include "state/tier/window_snapshot.hpp"

namespace millrace::detail {

/// Copies bytes that lie in RocksDB's memtables. Only this function of the file reads such bytes. The reason: the
/// thread sanitizer does not see the ordering between the writer and the readers of a memtable, and this function is
/// the one that tests/support/tsan.supp names. It must not be inlined for that.
[[gnu::noinline]] void copy_out(std::string& to, const rocksdb::Slice& bytes) { to.assign(bytes.data(), bytes.size()); }

namespace {

/// An iterator over a committed range that lives longer than one call. It enters the gate for each step only, so that
/// an application that keeps an iterator open does not keep the database from closing. Therefore it copies the current
/// entry: RocksDB may free the bytes as soon as the gate is left.
class CommittedWalk final : public BytesIterator, private ReaderGate::Walk {
 public:
  CommittedWalk(std::shared_ptr<ReaderGate> gate, rocksdb::ColumnFamilyHandle* family, std::string store,
                std::optional<std::string> lower, std::optional<std::string> upper, bool forward)
      : gate_(std::move(gate)),
        store_(std::move(store)),
        lower_(std::move(lower)),
        upper_(std::move(upper)),
        forward_(forward) {
    // If this throws, the destructor does not run, so nothing is registered yet.
    const ReaderGate::Visit visit(*gate_, store_);
    if (lower_ && upper_ && *lower_ >= *upper_) return;
    // RocksDB keeps pointers to the bounds, so they are members.
    rocksdb::ReadOptions options;
    if (lower_) {
      lower_slice_ = *lower_;
      options.iterate_lower_bound = &lower_slice_;
    }
    if (upper_) {
      upper_slice_ = *upper_;
      options.iterate_upper_bound = &upper_slice_;
    }
    // RocksDB's iterator is a snapshot: later commits do not show.
    rocks_.reset(gate_->db().NewIterator(options, family));
    forward_ ? rocks_->SeekToFirst() : rocks_->SeekToLast();
    try {
      copy();
    } catch (...) {
      // Destroy the iterator while the gate keeps the database open. Members are destroyed after `visit`.
      rocks_.reset();
      throw;
    }
    gate_->add(*this);
  }
  CommittedWalk(const CommittedWalk&) = delete;
  CommittedWalk& operator=(const CommittedWalk&) = delete;
  ~CommittedWalk() override {
    // If the database has closed before, end() has destroyed RocksDB's iterator already.
    gate_->remove(*this, [this] { rocks_.reset(); });
  }

  [[nodiscard]] bool valid() override { return valid_; }
  void next() override {
    const ReaderGate::Visit visit(*gate_, store_);
    forward_ ? rocks_->Next() : rocks_->Prev();
    copy();
  }
  [[nodiscard]] std::string_view key() const override { return key_; }
  [[nodiscard]] std::string_view value() const override { return value_; }

 private:
  void copy() {
    valid_ = rocks_->Valid();
    if (!valid_) {
      check(rocks_->status(), "walk over", store_, gate_->directory());
      return;
    }
    copy_out(key_, rocks_->key());
    copy_out(value_, rocks_->value());
  }
  // Called by the closing database. A later next() then throws when it enters the gate.
  void end() override { rocks_.reset(); }

  std::shared_ptr<ReaderGate> gate_;
  std::string store_;
  std::optional<std::string> lower_;
  std::optional<std::string> upper_;
  rocksdb::Slice lower_slice_;
  rocksdb::Slice upper_slice_;
  bool forward_;
  std::unique_ptr<rocksdb::Iterator> rocks_;  // null: the range is empty, or the database has closed
  bool valid_ = false;
  std::string key_;  // copies of the current entry
  std::string value_;
};

/// Reads the column family directly: values are stored unchanged.
class RocksDbKeyValueReader final : public CommittedKeyValueReader {
 public:
  RocksDbKeyValueReader(std::shared_ptr<ReaderGate> gate, rocksdb::ColumnFamilyHandle* family, std::string store)
      : gate_(std::move(gate)), family_(family), store_(std::move(store)) {}

  [[nodiscard]] std::optional<std::string> get(std::string_view key) const override {
    // Each get() sees the last commit at its own time. Two calls may see two commits.
    const ReaderGate::Visit visit(*gate_, store_);
    std::string value;
    const auto status = gate_->db().Get({}, family_, slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    check(status, "read from", store_, gate_->directory());
    return value;
  }

  [[nodiscard]] std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward) const override {
    // `to` is inclusive. `to + '\0'` is the smallest key after it, and so the exclusive bound.
    return std::make_unique<CommittedWalk>(gate_, family_, store_, owned(from),
                                           to ? std::optional<std::string>(std::string(*to) + '\0') : std::nullopt,
                                           forward);
  }

 private:
  std::shared_ptr<ReaderGate> gate_;
  rocksdb::ColumnFamilyHandle* family_;
  std::string store_;
};

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
    std::string value;
    const auto status = gate_->db().Get(commit.options(), family_, entry, &value);
    if (status.IsNotFound()) return std::nullopt;
    check(status, "read from", store_, gate_->directory());
    return value;
  }

  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                           bool forward) const override {
    const ReaderGate::Visit visit(*gate_, store_);
    const Commit commit(*this);
    std::vector<WindowItem> items;
    from = std::max(from, commit.live_from());
    to = std::min(to, commit.stream_time());
    if (from <= to) collect(items, commit.options(), key, from, to);
    if (!forward) std::reverse(items.begin(), items.end());
    return std::make_unique<WindowSnapshotIterator>(std::move(items));
  }

 private:
  /// One commit of the store: a snapshot, with the stream time that was committed with it. Everything that is read with
  /// options() is of this commit.
  class Commit {
   public:
    explicit Commit(const RocksDbWindowReader& reader) : db_(reader.gate_->db()) {
      // The snapshot comes first. Otherwise a commit between the two reads could give entries of a later stream time.
      options_.snapshot = db_.GetSnapshot();
      try {
        read_meta(reader);
      } catch (...) {
        db_.ReleaseSnapshot(options_.snapshot);
        throw;
      }
    }
    Commit(const Commit&) = delete;
    Commit& operator=(const Commit&) = delete;
    ~Commit() { db_.ReleaseSnapshot(options_.snapshot); }

    [[nodiscard]] const rocksdb::ReadOptions& options() const { return options_; }
    [[nodiscard]] Timestamp stream_time() const { return stream_time_; }
    [[nodiscard]] Timestamp live_from() const { return live_from_; }

   private:
    // Reads stream time, which decides which entries are alive.
    void read_meta(const RocksDbWindowReader& reader) {
      std::string bytes;
      const auto status = db_.Get(options_, reader.gate_->meta(), layout::window_meta_key(reader.store_), &bytes);
      if (status.IsNotFound()) return;  // nothing was ever committed
      check(status, "read from", reader.store_, reader.gate_->directory());
      const auto meta = layout::read_window_meta(bytes);
      if (!meta) {
        throw StateCorruptedException("window store '" + reader.store_ + "' in " + reader.gate_->directory().string() +
                                      " has unreadable meta data; the state must be deleted and restored");
      }
      stream_time_ = meta->observed_stream_time;
      live_from_ = std::max<Timestamp>(0, stream_time_ - reader.options_.retention_ms + 1);
    }

    rocksdb::DB& db_;
    rocksdb::ReadOptions options_;
    Timestamp stream_time_ = kNoTimestamp;
    Timestamp live_from_ = 0;  // entries with an earlier start are expired; ms
  };

  [[nodiscard]] layout::SegmentId segment(Timestamp start) const {
    return layout::SegmentId(start / layout::segment_interval(options_.retention_ms));
  }

  // Appends the entries of one key with from <= start <= to, in order of time. A key's entries lie in several segments.
  void collect(std::vector<WindowItem>& items, const rocksdb::ReadOptions& options, std::string_view key,
               Timestamp from, Timestamp to) const {
    const std::unique_ptr<rocksdb::Iterator> it(gate_->db().NewIterator(options, family_));
    // Reused in all rounds. `found` is a copy of RocksDB's key: see copy_out().
    std::string first;
    std::string last;
    std::string found;
    for (layout::SegmentId at = segment(from); at <= segment(to); ++at) {
      layout::write_segmented_key(first, at, key, from, Sequence());
      layout::write_segmented_key(last, at, key, to, Sequence(0xffffffff));
      for (it->Seek(first); it->Valid(); it->Next()) {
        copy_out(found, it->key());
        if (found > last) break;
        if (found.size() != last.size()) continue;  // another key that begins like this one
        const auto stored = layout::read_segmented_key(found);
        if (stored.key != key) continue;
        items.push_back({std::string(key), stored.start, stored.seq, {}});
        copy_out(items.back().value, it->value());
      }
      check(it->status(), "read from", store_, gate_->directory());
    }
  }

  std::shared_ptr<ReaderGate> gate_;
  rocksdb::ColumnFamilyHandle* family_;
  std::string store_;
  WindowStoreOptions options_;
};

}  // namespace

std::shared_ptr<const CommittedKeyValueReader> make_committed_key_value_reader(std::shared_ptr<ReaderGate> gate,
                                                                               rocksdb::ColumnFamilyHandle* family,
                                                                               std::string store) {
  return std::make_shared<RocksDbKeyValueReader>(std::move(gate), family, std::move(store));
}

std::shared_ptr<const CommittedWindowReader> make_committed_window_reader(std::shared_ptr<ReaderGate> gate,
                                                                          rocksdb::ColumnFamilyHandle* family,
                                                                          std::string store,
                                                                          const WindowStoreOptions& options) {
  return std::make_shared<RocksDbWindowReader>(std::move(gate), family, std::move(store), options);
}

}  // namespace millrace::detail
