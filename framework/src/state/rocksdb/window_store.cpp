// SPDX-License-Identifier: Apache-2.0
#include "window_store.hpp"

#include <rocksdb/convenience.h>

#include <algorithm>

#include "millrace/common/detail/saturating.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/state/detail/formats.hpp"

namespace millrace::detail {

// An entry with its key left out, because the caller knows it. `value` is valid until the visitor returns.
struct PersistentWindowStore::Found {
  Timestamp start;
  Sequence seq;
  std::string_view value;
};

namespace {

// Takes an object from its owner for the duration of a scope. The owner is null meanwhile, so nested code makes another
// object. The destructor gives the object back and frees the one that nested code has left.
template <class T>
class Borrowed : public std::unique_ptr<T> {
 public:
  explicit Borrowed(std::unique_ptr<T>& home) : std::unique_ptr<T>(std::move(home)), home_(home) {}
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  ~Borrowed() { home_ = std::move(*this); }

 private:
  std::unique_ptr<T>& home_;
};

// A slice is small compared to the budget, so that evicting one slice does not empty the tier. It is short compared to
// the retention, so that expired entries are freed soon.
WindowTier::SliceLimits slice_limits(const WindowStoreOptions& options, const TierBudget& budget) {
  return {std::clamp<std::size_t>(budget.limit() / 64, 1u << 10, 1u << 20),
          std::max<std::int64_t>(options.retention_ms / 8, 1)};
}

}  // namespace

PersistentWindowStore::PersistentWindowStore(Registry& registry, StorePlace place, std::string name,
                                             const WindowStoreOptions& options,
                                             const std::optional<layout::WindowMeta>& stored)
    : DatabaseStore(registry, std::move(place)),
      name_(std::move(name)),
      options_(options),
      tier_(place_.budget.get(), slice_limits(options, *place_.budget)) {
  // A new store starts with an empty meta data record. The database has checked the interval of a stored one.
  if (stored) meta_ = *stored;
  meta_.segment_interval_ms = layout::segment_interval(options.retention_ms);
  committed_meta_ = meta_;
  live_from_ = live_from(meta_.observed_stream_time);
  // Every stored entry starts at or before the observed stream time.
  tier_.reset(saturating_add(meta_.observed_stream_time, 1));
}

Timestamp PersistentWindowStore::live_from(Timestamp stream_time) const {
  // Kafka Streams' rule: an entry is alive if start > stream time - retention.
  return std::max<Timestamp>(0, saturating_add(saturating_sub(stream_time, options_.retention_ms), 1));
}

bool PersistentWindowStore::observe(Timestamp start) {
  if (start <= meta_.observed_stream_time) return false;
  meta_.observed_stream_time = start;
  live_from_ = live_from(start);
  return true;
}

void PersistentWindowStore::observe_time(Timestamp time) {
  if (observe(time)) tier_.expire(live_from_);
}

// Writes to the tier only. Stream time moves in memory and is committed together with the entries.
Sequence PersistentWindowStore::put(std::string_view key, BytesView value, Timestamp window_start) {
  if (window_start < 0) {
    throw ProcessorStateException("window store '" + name_ + "': a window cannot start at the negative time " +
                                  std::to_string(window_start));
  }
  Sequence seq;
  if (options_.retain_duplicates) {
    // 31 bits: Java's sequence number is a non-negative int. A null put uses a number too, as in Java.
    seq = meta_.last_seq = Sequence((meta_.last_seq.value() + 1) & 0x7fffffff);
    if (!value) return seq;
  }
  // Advance stream time first: the put itself may be the first one after a long pause and expire old entries.
  const bool later = observe(window_start);
  // Expired already: skip the put.
  if (window_start < live_from_) return seq;
  if (value) {
    tier_.put(key, window_start, seq, *value, true);
  } else {
    tier_.erase(key, window_start, seq, true);
  }
  if (later) tier_.expire(live_from_);
  // After the write, because eviction must not free the entry that is about to change.
  if (place_.budget->exceeded()) place_.budget->reclaim();
  return seq;
}

BytesView PersistentWindowStore::fetch(std::string_view key, Timestamp window_start) {
  // RocksDB may still have expired entries. They must not show.
  if (window_start < live_from_) return std::nullopt;
  // Three steps: the tier's own entry, then the tier's knowledge that there is none, then RocksDB.
  std::optional<BytesView> known;
  tier_.visit(key, window_start, window_start, [&](const WindowEntry& entry) {
    known = entry.deleted ? BytesView() : BytesView(entry.value());
    return false;
  });
  if (known) return *known;
  if (tier_.knows(key, window_start, window_start)) return std::nullopt;
  layout::write_segmented_key(scratch_key_, segment(window_start), key, window_start, Sequence());
  // answer_ pins RocksDB's value, so that the returned view needs no copy.
  answer_.Reset();
  const auto status = place_.db->Get({}, place_.family, scratch_key_, &answer_);
  if (status.IsNotFound()) return std::nullopt;
  check(status, "read from", name_, place_.directory);
  return view(answer_);
}

void PersistentWindowStore::fetch_each(std::string_view key, Timestamp from, Timestamp to,
                                       FunctionRef<bool(Timestamp, std::string_view)> visit) {
  from = std::max(from, live_from_);
  if (to < from) return;
  // The visitor may use other stores that share the budget. Without the hold, that could evict the entries visited
  // here.
  const WindowTier::Hold hold(tier_);
  // The fast path: the tier has all entries of the key in this range.
  if (tier_.knows(key, from, to)) {
    tier_.visit(key, from, to,
                [&](const WindowEntry& entry) { return entry.deleted || visit(entry.start, entry.value()); });
    return;
  }
  visit_merged(key, from, to, [&](const Found& found) { return visit(found.start, found.value); });
}

// Calls `visit` for entries with from <= start <= to. Entries before the tier's complete_from() come from RocksDB,
// merged with uncommitted entries ("corrections"). Later entries come from the tier. Returns false if the visitor has
// stopped.
bool PersistentWindowStore::visit_merged(std::string_view key, Timestamp from, Timestamp to,
                                         FunctionRef<bool(const Found&)> visit) {
  // Read complete_from() once: the visitor's puts may expire entries and so move it.
  const Timestamp stored_to = std::min(to, tier_.complete_from() - 1);
  // Uncommitted entries of the part that RocksDB answers. Few: usually late records only.
  std::vector<const WindowEntry*> corrections;
  tier_.visit(key, from, stored_to, [&](const WindowEntry& entry) {
    corrections.push_back(&entry);
    return true;
  });
  auto correction = corrections.begin();
  const auto visit_entry = [&](const WindowEntry& entry) {
    return entry.deleted || visit({entry.start, entry.seq, entry.value()});
  };

  // The visitor may read this store too. It then must not use the same RocksDB iterator, so take the iterator out of
  // its member for the time of this call.
  Borrowed seeker(seeker_);
  if (!seeker) seeker.reset(place_.db->NewIterator({}, place_.family));
  // One key's entries lie in several segments. Visit the segments in turn.
  for (layout::SegmentId at = segment(from); stored_to >= from && at <= segment(stored_to); ++at) {
    layout::write_segmented_key(scratch_key_, at, key, from, Sequence());
    // Bytes within the bounds may belong to a longer key that begins with this one. Such keys are skipped below.
    std::string end;
    layout::write_segmented_key(end, at, key, stored_to, Sequence(0xffffffff));
    for (seeker->Seek(scratch_key_); seeker->Valid() && seeker->key().compare(end) <= 0; seeker->Next()) {
      if (seeker->key().size() != end.size()) continue;  // a different key with the same prefix
      const auto stored = layout::read_segmented_key(view(seeker->key()));
      if (stored.key != key) continue;
      // First the uncommitted entries that come before the stored one.
      for (; correction != corrections.end() && (*correction)->before(stored.start, stored.seq); ++correction) {
        if (!visit_entry(**correction)) return false;
      }
      // An uncommitted entry replaces the stored entry with the same start and number.
      if (correction != corrections.end() && (*correction)->start == stored.start && (*correction)->seq == stored.seq) {
        if (!visit_entry(**correction++)) return false;
      } else if (!visit({stored.start, stored.seq, view(seeker->value())})) {
        return false;
      }
    }
    check(seeker->status(), "read from", name_, place_.directory);
  }
  for (; correction != corrections.end(); ++correction) {
    if (!visit_entry(**correction)) return false;
  }
  bool more = true;
  tier_.visit(key, std::max(from, saturating_add(stored_to, 1)), to,
              [&](const WindowEntry& entry) { return more = visit_entry(entry); });
  return more;
}

std::unique_ptr<WindowBytesIterator> PersistentWindowStore::fetch(std::string_view key, Timestamp from, Timestamp to,
                                                                  bool forward) {
  std::vector<WindowItem> items;
  from = std::max(from, live_from_);
  if (from <= to) {
    visit_merged(key, from, to, [&](const Found& found) {
      items.push_back({std::string(key), found.start, found.seq, std::string(found.value), false});
      return true;
    });
  }
  if (!forward) std::reverse(items.begin(), items.end());
  return std::make_unique<WindowSnapshotIterator>(std::move(items));
}

// The iterator gets a copy of the tier's entries in the range, so later writes do not show.
std::unique_ptr<WindowBytesIterator> PersistentWindowStore::fetch_range(BytesView key_from, BytesView key_to,
                                                                        Timestamp from, Timestamp to, bool forward) {
  // One key: no range scan over all keys is needed.
  if (key_from && key_from == key_to) return fetch(*key_from, from, to, forward);
  from = std::max(from, live_from_);
  // No entry starts later, so an open end becomes a near one.
  to = std::min(to, meta_.observed_stream_time);
  std::vector<WindowItem> items;
  if (from > to || (key_from && key_to && *key_from > *key_to)) {
    return std::make_unique<WindowSnapshotIterator>(std::move(items));
  }
  tier_.visit_all(from, to, [&](const WindowEntry& entry) {
    const std::string_view key = entry.owner->key();
    if (!within(key, key_from, key_to)) return;
    items.push_back({std::string(key), entry.start, entry.seq, std::string(entry.value()), entry.deleted});
  });
  return std::make_unique<WindowRangeIterator>(walks_, place_, name_, meta_.segment_interval_ms,
                                               WindowRangeIterator::Range{owned(key_from), owned(key_to), from, to},
                                               std::min(to, tier_.complete_from() - 1), std::move(items), forward);
}

// Writes a batch of changelog records directly to RocksDB, in one sorted write.
void PersistentWindowStore::restore(std::span<const RestoreRecord> records) {
  struct Change {
    layout::SegmentId segment;
    std::string_view key;  // the changelog key, without the segment
    BytesView value;
    std::size_t order;     // position in `records`
    std::uint64_t number;  // see SortPrefix
  };
  std::vector<Change> changes;
  changes.reserve(records.size());
  SortPrefix prefix;
  Timestamp newest = meta_.observed_stream_time;
  Sequence last_seq = meta_.last_seq;
  for (const RestoreRecord& record : records) {
    const auto entry = formats::read_window_key(record.key);
    // In a store that retains duplicates, a null has one of two causes. Either the processor put a null: the store has
    // no entry with this sequence number. Or an entry was undone after a failure: the entry is deleted here. In both
    // cases stream time does not advance.
    if (record.value || !options_.retain_duplicates) {
      newest = std::max(newest, entry.start);
      last_seq = std::max(last_seq, entry.seq);
    }
    prefix.add(record.key);
    changes.push_back({segment(entry.start), record.key, record.value, changes.size(), 0});
  }
  if (changes.empty()) return;
  // As in Java, stream time advances first. Records that a later record of this batch expires are not written.
  if (options_.retain_duplicates) meta_.last_seq = last_seq;
  if (observe(newest)) tier_.expire(live_from_);
  std::erase_if(changes, [&](const Change& change) { return formats::read_window_key(change.key).start < live_from_; });

  if (tier_.dirty_bytes() > 0) {
    // A write before this restore is not committed yet. Keep the order: let the restored records overwrite it in
    // memory.
    for (const Change& change : changes) {
      const auto entry = formats::read_window_key(change.key);
      if (change.value) {
        tier_.put(entry.key, entry.start, entry.seq, *change.value, true);
      } else {
        tier_.erase(entry.key, entry.start, entry.seq, true);
      }
    }
    return;
  }
  // Sort as RocksDB does. Records of the same key keep their order, so the last one wins.
  for (Change& change : changes) change.number = prefix.of(change.key);
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    if (a.segment != b.segment) return a.segment < b.segment;
    if (a.number != b.number) return a.number < b.number;
    const auto order = a.key <=> b.key;
    return order != 0 ? order < 0 : a.order < b.order;
  });
  rocksdb::WriteBatch batch;
  for (const Change& change : changes) {
    const auto entry = formats::read_window_key(change.key);
    layout::write_segmented_key(scratch_key_, change.segment, entry.key, entry.start, entry.seq);
    const auto status = change.value ? batch.Put(place_.family, scratch_key_, slice(*change.value))
                                     : batch.Delete(place_.family, scratch_key_);
    check(status, "restore", name_, place_.directory);
  }
  // The same batch contains the meta data: entries and stream time on disk always match.
  write_meta(batch);
  rocksdb::WriteOptions write_options;
  write_options.disableWAL = true;
  check(place_.db->Write(write_options, &batch), "restore", name_, place_.directory);
  committed_meta_ = meta_;
  // The tier knew the state before this restore. Start it again, empty.
  seeker_.reset();
  tier_.reset(saturating_add(meta_.observed_stream_time, 1));
}

void PersistentWindowStore::write_meta(rocksdb::WriteBatch& batch) {
  check(batch.Put(place_.meta, layout::window_meta_key(name_), layout::write_window_meta(meta_)), "commit", name_,
        place_.directory);
}

// Called at each commit. Adds the uncommitted entries and the meta data.
void PersistentWindowStore::write_to(rocksdb::WriteBatch& batch) {
  struct Change {
    layout::SegmentId segment;
    std::uint64_t number;
    const WindowEntry* entry;
  };
  std::vector<Change> changes;
  SortPrefix prefix;
  // Expired entries are not worth writing.
  tier_.visit_dirty([&](const WindowEntry& entry) {
    if (entry.start < live_from_) return;
    prefix.add(entry.owner->key());
    changes.push_back({segment(entry.start), 0, &entry});
  });
  for (Change& change : changes) change.number = prefix.of(change.entry->owner->key());
  // Sort as RocksDB does. Inserting neighbours into a memtable costs a fraction of random inserts.
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    if (a.segment != b.segment) return a.segment < b.segment;
    if (a.number != b.number) return a.number < b.number;
    return compare_window_keys(a.entry->owner->key(), a.entry->start, a.entry->seq, b.entry->owner->key(),
                               b.entry->start, b.entry->seq) < 0;
  });
  for (const auto& [at, number, entry] : changes) {
    layout::write_segmented_key(scratch_key_, at, entry->owner->key(), entry->start, entry->seq);
    const auto status = entry->deleted ? batch.Delete(place_.family, scratch_key_)
                                       : batch.Put(place_.family, scratch_key_, slice(entry->value()));
    check(status, "commit", name_, place_.directory);
  }
  // In the same batch, so that entries and stream time on disk always match.
  if (meta_ != committed_meta_) write_meta(batch);
}

void PersistentWindowStore::committed() {
  committed_meta_ = meta_;
  // RocksDB's iterator shows the content before this commit, so it can no longer be used.
  seeker_.reset();
  tier_.committed();
}

void PersistentWindowStore::discarded() {
  // The entries of the aborted transaction were only in the tier. RocksDB still has the last commit.
  meta_ = committed_meta_;
  live_from_ = live_from(meta_.observed_stream_time);
  tier_.reset(saturating_add(meta_.observed_stream_time, 1));
}

void PersistentWindowStore::wiped() {
  // As new, except for the interval, which the options give.
  meta_ = {meta_.segment_interval_ms, kNoTimestamp, Sequence()};
  committed_meta_ = meta_;
  live_from_ = 0;
  trimmed_segment_ = layout::SegmentId();
  seeker_.reset();
  tier_.reset(0);
}

void PersistentWindowStore::trim(Timestamp live_from) {
  // Delete whole files only; the compaction filter removes the rest.
  const layout::SegmentId first_live = segment(live_from);
  if (first_live <= trimmed_segment_) return;
  std::string end;
  layout::append_segment(end, first_live);
  const rocksdb::Slice end_slice = end;
  check(rocksdb::DeleteFilesInRange(place_.db, place_.family, nullptr, &end_slice, false), "trim", name_,
        place_.directory);
  trimmed_segment_ = first_live;
}

}  // namespace millrace::detail
