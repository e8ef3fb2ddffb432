// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <optional>

#include "millrace/common/detail/saturating.hpp"

#include "millrace/common/errors.hpp"
#include "millrace/state/detail/formats.hpp"
#include "state/observing_store.hpp"
#include "state/tier/window_snapshot.hpp"
#include "state/tier/window_tier.hpp"
#include "stores.hpp"

namespace millrace::detail {

namespace {

/// A window store on a WindowTier that has no database below it and no budget. So the tier holds all entries, and
/// nothing is ever marked as uncommitted. Used by the thread of the task alone.
class InMemoryWindowStore final : public WindowBytesStore, public ClearableStore, public ObservingStore {
 public:
  // A slice ends at 256 KB or after an eighth of the retention, so that expired entries are freed soon.
  InMemoryWindowStore(std::string name, const WindowStoreOptions& options)
      : name_(std::move(name)),
        options_(options),
        tier_(nullptr, {256u << 10, std::max<std::int64_t>(options.retention_ms / 8, 1)}) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool persistent() const override { return false; }
  [[nodiscard]] Timestamp observed_stream_time() const override { return observed_stream_time_; }
  [[nodiscard]] const WindowStoreOptions& options() const override { return options_; }

  Sequence put(std::string_view key, BytesView value, Timestamp window_start) override {
    // 31 bits: Java's sequence number is a non-negative int.
    if (options_.retain_duplicates) last_seq_ = Sequence((last_seq_.value() + 1) & 0x7fffffff);
    const Sequence seq = options_.retain_duplicates ? last_seq_ : Sequence();
    store(key, value, window_start, seq);
    return seq;
  }

  // With duplicates, returns the first of them.
  [[nodiscard]] BytesView fetch(std::string_view key, Timestamp window_start) override {
    BytesView found;
    fetch_each(key, window_start, window_start, [&](Timestamp, std::string_view value) {
      // Not copied. The view is valid until the next put or restore.
      found = value;
      return false;
    });
    return found;
  }

  void fetch_each(std::string_view key, Timestamp from, Timestamp to,
                  FunctionRef<bool(Timestamp, std::string_view)> visit) override {
    tier_.visit(key, std::max(from, live_from_), to,
                [&](const WindowEntry& entry) { return visit(entry.start, entry.value()); });
  }

  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                           bool forward) override {
    // The iterator gets a copy, so later puts neither show nor invalidate it.
    std::vector<WindowItem> items;
    tier_.visit(key, std::max(from, live_from_), to, [&](const WindowEntry& entry) {
      items.push_back({std::string(key), entry.start, entry.seq, std::string(entry.value())});
      return true;
    });
    if (!forward) std::reverse(items.begin(), items.end());
    return std::make_unique<WindowSnapshotIterator>(std::move(items));
  }

  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch_range(BytesView key_from, BytesView key_to, Timestamp from,
                                                                 Timestamp to, bool forward) override {
    // A range of one key needs no scan of all entries.
    if (key_from && key_from == key_to) return fetch(*key_from, from, to, forward);
    std::vector<WindowItem> items;
    tier_.visit_all(std::max(from, live_from_), to, [&](const WindowEntry& entry) {
      const std::string_view key = entry.owner->key();
      if (!within(key, key_from, key_to)) return;
      items.push_back({std::string(key), entry.start, entry.seq, std::string(entry.value())});
    });
    // Kafka Streams' order: by start, then by key. With duplicates Java compares the map key, which has the number too.
    std::sort(items.begin(), items.end(), [this](const WindowItem& a, const WindowItem& b) {
      if (a.start != b.start) return a.start < b.start;
      return options_.retain_duplicates ? map_key(a) < map_key(b) : a.key < b.key;
    });
    if (!forward) std::reverse(items.begin(), items.end());
    return std::make_unique<WindowSnapshotIterator>(std::move(items));
  }

  void restore(std::span<const RestoreRecord> records) override {
    for (const RestoreRecord& record : records) {
      const auto entry = formats::read_window_key(record.key);
      // Continue the numbers after those restored, so that no stored value is overwritten.
      if (options_.retain_duplicates) last_seq_ = std::max(last_seq_, entry.seq);
      store(entry.key, record.value, entry.start, entry.seq);
      // store() ignores a null if the store retains duplicates. But a null in the changelog means that this entry was
      // undone after a failure, so the entry must be deleted.
      if (!record.value && options_.retain_duplicates) tier_.erase(entry.key, entry.start, entry.seq, false);
    }
  }
  void observe_time(Timestamp time) override {
    if (observe(time)) tier_.expire(live_from_);
  }
  void clear() override {
    observed_stream_time_ = kNoTimestamp;
    live_from_ = 0;
    last_seq_ = Sequence();
    tier_.reset(0);
  }

 private:
  // The key under which Java's in-memory store keeps a duplicate: `key + seq(4)`.
  static std::string map_key(const WindowItem& item) {
    std::string bytes = item.key;
    formats::append_be32(bytes, item.seq.value());
    return bytes;
  }

  // Every put advances stream time, also one that stores nothing. Java's in-memory store does the same; the RocksDB
  // store does not.
  void store(std::string_view key, BytesView value, Timestamp window_start, Sequence seq) {
    if (window_start < 0) {
      throw ProcessorStateException("window store '" + name_ + "': a window cannot start at the negative time " +
                                    std::to_string(window_start));
    }
    const bool later = observe(window_start);
    if (window_start >= live_from_) {
      // A put of null deletes. With duplicates it does nothing, as in Kafka Streams.
      if (value) {
        tier_.put(key, window_start, seq, *value, false);
      } else if (!options_.retain_duplicates) {
        tier_.erase(key, window_start, seq, false);
      }
    }
    // Last, because this may free entries. `value` may be a view of one of them.
    if (later) tier_.expire(live_from_);
  }

  // Moves stream time to `time` if that is later, and returns whether it is.
  bool observe(Timestamp time) {
    if (time <= observed_stream_time_) return false;
    observed_stream_time_ = time;
    live_from_ = std::max<Timestamp>(0, saturating_add(saturating_sub(time, options_.retention_ms), 1));
    return true;
  }

  std::string name_;
  WindowStoreOptions options_;
  Timestamp observed_stream_time_ = kNoTimestamp;
  Timestamp live_from_ = 0;  // entries with an earlier start are expired; ms since the epoch
  Sequence last_seq_;        // the sequence number given last; 0: none yet
  WindowTier tier_;
};

}  // namespace

std::unique_ptr<WindowBytesStore> make_in_memory_window_store(const std::string& name,
                                                              const WindowStoreOptions& options) {
  return std::make_unique<InMemoryWindowStore>(name, options);
}

}  // namespace millrace::detail
