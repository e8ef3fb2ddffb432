// SPDX-License-Identifier: Apache-2.0
#include "versioned_store.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/detail/saturating.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/state/detail/formats.hpp"
#include "state/memory/stores.hpp"
#include "state/observing_store.hpp"
#include "version_entries.hpp"

namespace millrace::detail {

using namespace version_entries;

namespace {

BytesView viewed(const std::optional<std::string>& bytes) { return bytes ? BytesView(*bytes) : std::nullopt; }

/// A versioned store on a key-value store, which this object owns. One thread.
class VersionedStore final : public VersionedBytesStore, public ClearableStore, public ObservingStore {
 public:
  VersionedStore(std::unique_ptr<KeyValueBytesStore> entries, std::int64_t history_retention_ms)
      : entries_(std::move(entries)), retention_ms_(history_retention_ms) {}

  [[nodiscard]] const std::string& name() const override { return entries_->name(); }
  [[nodiscard]] bool persistent() const override { return entries_->persistent(); }
  [[nodiscard]] std::int64_t history_retention_ms() const override { return retention_ms_; }
  [[nodiscard]] Timestamp observed_stream_time() override { return times().observed; }

  VersionedPut put(std::string_view key, BytesView value, Timestamp timestamp) override {
    if (timestamp < 0) {
      throw ProcessorStateException("versioned store '" + name() + "': a version cannot have the negative timestamp " +
                                    std::to_string(timestamp));
    }
    if (timestamp < saturating_sub(times().observed, retention_ms_)) return {false, std::nullopt};
    observe_time(timestamp);
    const auto latest = latest_of(key);
    // A delete at exactly the latest version's timestamp replaces that version.
    if (latest && latest->value && !value && timestamp == latest->time) {
      take_back(key, timestamp);
      return {};
    }
    if (!latest || timestamp >= latest->time) {
      if (latest && timestamp > latest->time) {
        // As in Java, only the end of the previous version records a deletion: a version without a value ends at its
        // own timestamp, not at the next version's. take_back() depends on this.
        put_older(key, {.timestamp = latest->time, .valid_to = latest->value ? timestamp : latest->time},
                  viewed(latest->value));
      }
      entries_->put(latest_key(key), write_version(timestamp, value));
      if (!value) note_end(key, {.timestamp = timestamp, .valid_to = timestamp});
      return {};
    }
    // An out-of-order put: the key's latest version stays.
    return {true, put_between(key, value, timestamp, *latest)};
  }

  [[nodiscard]] std::optional<VersionedBytes> get(std::string_view key) override { return get(key, kEndOfTime); }

  [[nodiscard]] std::optional<VersionedBytes> get(std::string_view key, Timestamp as_of) override {
    // No version has a negative timestamp. As the bytes of a key, a negative time would be behind all others.
    if (as_of < 0) return std::nullopt;
    // The latest version can always be read, even before the history retention.
    if (const BytesView bytes = entries_->get(latest_key(key))) {
      const Version latest = read_version(*bytes);
      if (latest.time <= as_of) {
        if (!latest.value) return std::nullopt;
        return VersionedBytes{*latest.value, latest.time, std::nullopt};
      }
    }
    if (as_of < saturating_sub(times().observed, retention_ms_)) return std::nullopt;
    auto older = last_until(key, as_of);
    if (!older || older->valid_to <= as_of || !older->value) return std::nullopt;
    answer_ = std::move(*older->value);
    return VersionedBytes{answer_, older->timestamp, older->valid_to};
  }

  void visit_changes(FunctionRef<void(std::string_view, Timestamp)> visit) override {
    for (const auto all = entries_->range(std::nullopt, std::nullopt); all->valid(); all->next()) {
      const std::string_view entry = all->key();
      if (entry.front() == kLatest) visit(entry.substr(1), read_version(all->value()).time);
      if (entry.front() != kOlder) continue;
      // | 02 | key length (4) | key | timestamp (8) |
      const std::string_view key = entry.substr(5, entry.size() - 13);
      visit(key, older_timestamp(entry));
      visit(key, read_version(all->value()).time);
    }
  }

  void restore(std::span<const RestoreRecord> records) override {
    // put() also rejects records that are older than the history retention, so restoring is the same as putting.
    for (const RestoreRecord& record : records) (void)put(record.key, record.value, record.timestamp);
  }

  void observe_time(Timestamp time) override {
    Times now = times();
    if (time <= now.observed) return;
    now.observed = time;
    // First sweep, then store the new times: both go to the same commit.
    sweep(now);
    store_times(now);
  }

  // In memory only: then the entries are one as well.
  void clear() override { dynamic_cast<ClearableStore&>(*entries_).clear(); }

 private:
  /// Both in ms since the epoch. Older versions that ended at or before `swept_until` are deleted.
  struct Times {
    Timestamp observed = kNoTimestamp;
    Timestamp swept_until = 0;
  };
  /// A copy of an entry of kind 01. `value` nullopt: the key was deleted at `time`.
  struct Latest {
    Timestamp time;
    std::optional<std::string> value;
  };
  /// An older version is valid in [timestamp, valid_to). The two are equal if the version has no value.
  struct Validity {
    Timestamp timestamp;
    Timestamp valid_to;
  };
  /// A copy of an entry of kind 02.
  struct Older {
    Timestamp timestamp;
    Timestamp valid_to;
    std::optional<std::string> value;
  };

  // The times are kept only in the store. So a commit or a discard of the store also commits or discards them.
  [[nodiscard]] Times times() {
    const BytesView bytes = entries_->get(kTimesKey);
    if (!bytes) return {};
    return {load_time(*bytes), load_time(bytes->substr(8))};
  }
  void store_times(const Times& times) {
    std::string bytes;
    append_time(bytes, times.observed);
    append_time(bytes, times.swept_until);
    entries_->put(kTimesKey, bytes);
  }

  [[nodiscard]] std::optional<Latest> latest_of(std::string_view key) {
    const BytesView found = entries_->get(latest_key(key));
    if (!found) return std::nullopt;
    const Version version = read_version(*found);
    return Latest{version.time, owned(version.value)};
  }

  /// The first entry of kind 02 of `key` with from <= timestamp <= to, in the given direction.
  [[nodiscard]] std::optional<Older> first_of(std::string_view key, Timestamp from, Timestamp to, bool forward) {
    const auto walk = entries_->range(older_key(key, from), older_key(key, to), forward);
    if (!walk->valid()) return std::nullopt;
    const Version version = read_version(walk->value());
    return Older{older_timestamp(walk->key()), version.time, owned(version.value)};
  }
  /// The older version with the largest timestamp <= `time`.
  [[nodiscard]] std::optional<Older> last_until(std::string_view key, Timestamp time) {
    return first_of(key, 0, time, false);
  }

  void put_older(std::string_view key, const Validity& validity, BytesView value) {
    entries_->put(older_key(key, validity.timestamp), write_version(validity.valid_to, value));
    note_end(key, validity);
  }

  /// Writes the entry of kind 03, by which sweep() finds the version.
  void note_end(std::string_view key, const Validity& validity) {
    std::string end(1, kEnd);
    append_time(end, validity.valid_to);
    append_sized_key(end, key);
    append_time(end, validity.timestamp);
    entries_->put(end, std::string_view());
  }

  /// Deletes the latest version at its own timestamp. As in Java, the latest entry then says "no value since the end of
  /// the version before", because that end is the only time left. If that end is earlier than `timestamp`, a later put
  /// with a timestamp between the two becomes the latest version.
  void take_back(std::string_view key, Timestamp timestamp) {
    const auto before = last_until(key, timestamp);
    if (!before) {
      entries_->put(latest_key(key), std::nullopt);
      return;
    }
    if (before->valid_to == before->timestamp) entries_->put(older_key(key, before->timestamp), std::nullopt);
    entries_->put(latest_key(key), write_version(before->valid_to, std::nullopt));
    note_end(key, {.timestamp = before->valid_to, .valid_to = before->valid_to});
  }

  /// Puts a version that is not the latest. Returns its end (exclusive, ms).
  Timestamp put_between(std::string_view key, BytesView value, Timestamp timestamp, const Latest& latest) {
    const auto before = last_until(key, timestamp);
    Timestamp valid_to = latest.time;
    // The new version splits an older version's validity in two. The part after `timestamp` becomes the new version's.
    if (before && before->valid_to > timestamp) {
      valid_to = before->valid_to;
      if (before->timestamp < timestamp) {
        put_older(key, {.timestamp = before->timestamp, .valid_to = timestamp}, viewed(before->value));
      }
      // No version covers this time: the new version ends where the next one starts.
    } else if (const auto next = first_of(key, timestamp + 1, kEndOfTime, true)) {
      valid_to = next->timestamp;
    }
    put_older(key, {.timestamp = timestamp, .valid_to = valid_to}, value);
    return valid_to;
  }

  /// Deletes versions that no get() can return any more. Runs once per sixteenth of the retention, not at each put.
  void sweep(Times& now) {
    const Timestamp gone_until = saturating_sub(now.observed, retention_ms_);
    if (gone_until < 0 || gone_until - now.swept_until < retention_ms_ / 16) return;
    // Collect first: the loop below writes to the store.
    std::vector<std::string> ends;
    std::string to(1, kEnd);
    append_time(to, saturating_add(gone_until, 1));
    for (auto walk = entries_->range(std::string_view(&kEnd, 1), to); walk->valid(); walk->next()) {
      ends.emplace_back(walk->key());
    }
    for (const std::string& end : ends) {
      const Timestamp valid_to = load_time(std::string_view(end).substr(1));
      // The end entry is | 03 | valid to (8) | key length (4) | key | timestamp (8) |: 13 bytes before the key, 8 after
      // it.
      const std::string_view key = std::string_view(end).substr(13, end.size() - 21);
      const Timestamp timestamp = load_time(std::string_view(end).substr(end.size() - 8));
      // The version may have been replaced or shortened after this end was written. Read it again before deleting it.
      const std::string older = older_key(key, timestamp);
      if (const BytesView bytes = entries_->get(older); bytes && read_version(*bytes).time <= gone_until) {
        entries_->put(older, std::nullopt);
      }
      // A latest version without a value is only a tombstone. It can go as well.
      if (valid_to == timestamp) {
        const auto latest = latest_of(key);
        if (latest && latest->time == timestamp && !latest->value) entries_->put(latest_key(key), std::nullopt);
      }
      entries_->put(end, std::nullopt);
    }
    now.swept_until = gone_until;
  }

  std::unique_ptr<KeyValueBytesStore> entries_;
  std::int64_t retention_ms_;
  std::string answer_;  // holds the value that the last get() returned
};

}  // namespace

std::unique_ptr<VersionedBytesStore> make_versioned_store(std::unique_ptr<KeyValueBytesStore> entries,
                                                          std::int64_t history_retention_ms) {
  return std::make_unique<VersionedStore>(std::move(entries), history_retention_ms);
}

}  // namespace millrace::detail
