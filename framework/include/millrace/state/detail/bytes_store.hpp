// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/common/bytes.hpp"
#include "millrace/common/detail/function_ref.hpp"
#include "millrace/common/time.hpp"
#include "millrace/common/windowed.hpp"
#include "millrace/state/detail/sequence.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/state/versioned_put.hpp"

namespace millrace::detail {

/// Iterates over the key/value pairs of a byte store. Views are valid until next() or until the store is written.
///
/// The store may be written, flushed and committed during the iteration. Which changes show is as in Kafka Streams,
/// except for windows and sessions (see "Deliberate differences" in docs/dsl.md):
///
///   RocksDB, LRU map   the store as it was at the start
///   in memory          the keys that existed at the start and still exist, with their present values
///   windows, sessions  the store as it was at the start, in RocksDB and in memory
///   behind a cache     as the store below. For a key that was in the cache at the start: the value at the moment when
///                      the iteration passes the cached key before it
///
/// The iterator does not read the store before the first valid(). It shows nothing after the database has closed. It
/// must not outlive the store. REQUIRES for key(), value() and next(): valid() has returned true since the last next().
class BytesIterator {
 public:
  virtual ~BytesIterator() = default;
  /// True: the iterator is at an entry. Skips entries that have been removed since.
  [[nodiscard]] virtual bool valid() = 0;
  virtual void next() = 0;
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view value() const = 0;
};

/// A key-value store of bytes, sorted by key. Bytes compare as unsigned numbers. (Kafka Streams: `KeyValueStore<Bytes,
/// byte[]>`.)
class KeyValueBytesStore : public StateStore, public RestorableStore {
 public:
  /// nullopt: no such key. The view is valid until the next call on this store.
  [[nodiscard]] virtual BytesView get(std::string_view key) = 0;

  /// Inserts or overwrites; nullopt deletes.
  virtual void put(std::string_view key, BytesView value) = 0;

  /// Throws if no put() is allowed, whatever the key. A global store that a processor may only read does this.
  virtual void require_writable() const {}

  /// From `from` to `to`, both inclusive; nullopt is open. `forward` false: the largest key first.
  [[nodiscard]] virtual std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward = true) = 0;

  /// Keys that begin with `prefix`, smallest first.
  [[nodiscard]] virtual std::unique_ptr<BytesIterator> prefix_scan(std::string_view prefix) = 0;

  /// May be an estimate.
  [[nodiscard]] virtual std::uint64_t approximate_num_entries() = 0;
};

/// As BytesIterator. key() is the record's key alone; the window's start is separate.
class WindowBytesIterator : public BytesIterator {
 public:
  /// In ms.
  [[nodiscard]] virtual Timestamp window_start() const = 0;
  /// The sequence number that tells duplicates apart; 0 unless the store retains duplicates.
  [[nodiscard]] virtual Sequence seq() const = 0;
};

/// The settings of a window store. All times in milliseconds.
struct WindowStoreOptions {
  std::int64_t retention_ms = 0;    ///< an entry expires once start <= (largest start put) - retention
  std::int64_t window_size_ms = 0;  ///< gives windows their end; not used for expiry
  /// True: a key and start can have several values, told apart by a sequence number. Join stores use this.
  bool retain_duplicates = false;
};

/// Values by key and window start, in ms. (Kafka Streams: `WindowStore<Bytes, byte[]>`.)
///
/// Expiry            Observed stream time is the largest window start ever put or restored. An entry is visible if and
///                   only if start > observed stream time - retention. A put of an expired entry is skipped.
/// Sequence numbers  With retain_duplicates each put first increments a counter and then uses it. So the first number
///                   is 1. A null put increments the counter and stores nothing. After a restart the counter continues
///                   from the largest number stored or restored. Java starts at 1 again: a new value can then overwrite
///                   a stored value with the same key, start and number. This is the only difference in changelog
///                   bytes.
/// Null puts         With duplicates, as in Java: they do not advance stream time on RocksDB, but do in memory.
/// Iterators         Show the store as it was at the start.
/// Errors            ProcessorStateException for a negative start.
class WindowBytesStore : public StateStore, public RestorableStore {
 public:
  /// nullopt deletes the entry; with duplicates it does nothing. Returns the entry's sequence number: 0 without
  /// duplicates.
  virtual Sequence put(std::string_view key, BytesView value, Timestamp window_start) = 0;

  /// The value at exactly this start. The view is valid until the next call. Not for stores with duplicates.
  [[nodiscard]] virtual BytesView fetch(std::string_view key, Timestamp window_start) = 0;

  /// Calls `visit(start, value)` for each entry of `key` with from <= start <= to, in order of (start, seq), until
  /// `visit` returns false. Joins call this for every record, so it must not allocate. `visit` must not write to this
  /// store.
  virtual void fetch_each(std::string_view key, Timestamp from, Timestamp to,
                          FunctionRef<bool(Timestamp, std::string_view)> visit) = 0;

  /// The same entries as an iterator.
  [[nodiscard]] virtual std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                                   bool forward) = 0;

  /// Entries of all keys in [key_from, key_to] (nullopt: open) with from <= start <= to. The order is that of Kafka
  /// Streams, and backward is exactly the reverse:
  ///
  ///   RocksDB  by segment, that is start / max(retention / 2, 60,000 ms), then by the bytes `key + start(8) + seq(4)`.
  ///            If one key is a prefix of another, either can come first.
  ///   memory   by start, then by key; with duplicates by the bytes `key + seq(4)`
  [[nodiscard]] virtual std::unique_ptr<WindowBytesIterator> fetch_range(BytesView key_from, BytesView key_to,
                                                                         Timestamp from, Timestamp to,
                                                                         bool forward) = 0;

  /// kNoTimestamp before the first put.
  [[nodiscard]] virtual Timestamp observed_stream_time() const = 0;
  [[nodiscard]] virtual const WindowStoreOptions& options() const = 0;
};

/// As BytesIterator. key() is the record's key alone; the session's bounds are separate.
class SessionBytesIterator : public BytesIterator {
 public:
  [[nodiscard]] virtual Window session() const = 0;
};

/// Which sessions a search finds: those with end >= earliest_end and start <= latest_start. In ms since the epoch.
struct SessionBounds {
  Timestamp earliest_end = 0;
  Timestamp latest_start = std::numeric_limits<Timestamp>::max();
};

/// Values by key and session. Bounds in ms, both inclusive. (Kafka Streams: `SessionStore<Bytes, byte[]>`.)
///
/// Expiry     Observed stream time is the largest session end ever put (also with nullopt) or restored; on RocksDB,
///            removed sessions count too. A session is visible if and only if end > observed stream time - retention. A
///            put of an expired session is skipped.
/// Iterators  Show the store as it was at the start. The order is that of Kafka Streams, and backward is the reverse:
///
///   one key    by end, then by start; in memory, later starts first
///   key range  RocksDB: by segment, that is end / max(retention / 2, 60,000 ms), then by the bytes `key + end(8) +
///              start(8)`. Memory: by end, then by key, then later starts first.
///
/// Errors     ProcessorStateException for a negative start, or an end before the start.
class SessionBytesStore : public StateStore, public RestorableStore {
 public:
  /// Inserts or overwrites; nullopt removes the session.
  virtual void put(std::string_view key, const Window& session, BytesView value) = 0;
  /// Removes the session. In memory this does not advance stream time, unlike a put of nullopt.
  virtual void remove(std::string_view key, const Window& session) = 0;

  /// The value of exactly this session. The view is valid until the next call.
  [[nodiscard]] virtual BytesView fetch_session(std::string_view key, const Window& session) = 0;

  /// The sessions of `key` within the bounds.
  [[nodiscard]] virtual std::unique_ptr<SessionBytesIterator> find_sessions(std::string_view key,
                                                                            const SessionBounds& bounds,
                                                                            bool forward) = 0;
  /// The same for all keys in [key_from, key_to]; nullopt is open.
  [[nodiscard]] virtual std::unique_ptr<SessionBytesIterator> find_sessions_in_range(BytesView key_from,
                                                                                     BytesView key_to,
                                                                                     const SessionBounds& bounds,
                                                                                     bool forward) = 0;
  /// The sessions of all keys with earliest_end <= end <= latest_end. RocksDB: by end, start, key. Memory: by end, then
  /// by key, then later starts first.
  [[nodiscard]] virtual std::unique_ptr<SessionBytesIterator> find_sessions_by_end(Timestamp earliest_end,
                                                                                   Timestamp latest_end) = 0;

  /// kNoTimestamp before the first put.
  [[nodiscard]] virtual Timestamp observed_stream_time() const = 0;
  [[nodiscard]] virtual std::int64_t retention_ms() const = 0;
};

/// A version of a value as bytes, valid in [timestamp, valid_to). Times in ms since the epoch.
struct VersionedBytes {
  std::string_view value;
  Timestamp timestamp = kNoTimestamp;
  std::optional<Timestamp> valid_to;  ///< nullopt: the version is the latest
};

/// Values by key with their history. (Kafka Streams: `VersionedKeyValueStore<Bytes, byte[]>`.)
///
/// Observed stream time is the largest timestamp ever put or restored. A put with timestamp < observed stream time -
/// history retention is rejected. Every time within the history retention can be read. The latest version can always be
/// read.
class VersionedBytesStore : public StateStore, public RestorableStore {
 public:
  /// nullopt: the key has no value from `timestamp` on.
  virtual VersionedPut put(std::string_view key, BytesView value, Timestamp timestamp) = 0;

  /// The latest version. The views are valid until the next call on this store.
  [[nodiscard]] virtual std::optional<VersionedBytes> get(std::string_view key) = 0;
  /// The version valid at `as_of`. nullopt: there was none, or `as_of` is before the history retention and the latest
  /// version is younger.
  [[nodiscard]] virtual std::optional<VersionedBytes> get(std::string_view key, Timestamp as_of) = 0;
  /// Calls `visit` with each key and each time at which the key has got another version, or none. In no order, and
  /// perhaps more than once for the same key and time. `visit` must not use the store.
  virtual void visit_changes(FunctionRef<void(std::string_view, Timestamp)> visit) = 0;

  /// kNoTimestamp before the first put.
  [[nodiscard]] virtual Timestamp observed_stream_time() = 0;
  [[nodiscard]] virtual std::int64_t history_retention_ms() const = 0;
};

}  // namespace millrace::detail
