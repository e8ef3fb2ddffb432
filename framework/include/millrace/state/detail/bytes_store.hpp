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
#include "millrace/state/state_store.hpp"
#include "millrace/state/versioned_put.hpp"

namespace millrace::detail {

/// Walks over key/value pairs of a byte store. Views are valid until next() or until the store is written.
///
/// The store may be written, flushed and committed during a walk. What the walk shows of that is as in Kafka Streams,
/// but for windows and sessions (see "Deliberate differences" in docs/dsl.md):
///   RocksDB, LRU map   the store as it was when the walk began
///   in memory          the keys that were there when it began and still are, with their values of now
///   windows, sessions  the store as it was when the walk began, in RocksDB and in memory
///   behind a cache     as the store below; but a key that was in the cache when the walk began has the value that the
///                      cache has once the walk is past the cached key before it, if it is still there
/// The iterator does not look at the store before valid() is called. It ends when the database closes, and must not
/// outlive the store. key(), value() and next() REQUIRE that valid() has said true since the last next().
class BytesIterator {
 public:
  virtual ~BytesIterator() = default;
  /// True: it stands on an entry. Passes entries that are gone by now.
  [[nodiscard]] virtual bool valid() = 0;
  virtual void next() = 0;
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view value() const = 0;
};

/// Keys and values as bytes, ordered by unsigned bytes of the key. (Kafka Streams: `KeyValueStore<Bytes, byte[]>`.)
class KeyValueBytesStore : public StateStore, public RestorableStore {
 public:
  /// The view is valid until the next call on this store. nullopt: no such key.
  [[nodiscard]] virtual BytesView get(std::string_view key) = 0;

  /// nullopt deletes.
  virtual void put(std::string_view key, BytesView value) = 0;

  /// Throws what put() would throw whatever the key, as a global store does that a processor only reads.
  virtual void require_writable() const {}

  /// Both ends inclusive; nullopt is open.
  [[nodiscard]] virtual std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward = true) = 0;

  [[nodiscard]] virtual std::unique_ptr<BytesIterator> prefix_scan(std::string_view prefix) = 0;

  [[nodiscard]] virtual std::uint64_t approximate_num_entries() = 0;
};

/// As BytesIterator; key() is the record key alone, beside it the window's start.
class WindowBytesIterator : public BytesIterator {
 public:
  [[nodiscard]] virtual Timestamp window_start() const = 0;
  /// The duplicate number under which the entry is stored; 0 unless the store retains duplicates.
  [[nodiscard]] virtual std::uint32_t seq() const = 0;
};

/// What a window store is made of. All times in milliseconds.
struct WindowStoreOptions {
  std::int64_t retention_ms = 0;  ///< entries with start <= (largest start put) - retention are gone
  std::int64_t window_size_ms = 0;
  /// True: several values per key and start, told apart by a sequence number (join stores).
  bool retain_duplicates = false;
};

/// Values by key and window start. (Kafka Streams: `WindowStore<Bytes, byte[]>`.)
///
/// Expiry: observed stream time is the largest window start ever put or restored. An entry is visible iff
/// start > observed stream time - retention; a put of an expired entry is skipped.
/// Sequence numbers (retain_duplicates): a counter, advanced by every put before it is used, so that the first is 1; a
/// null put advances it and stores nothing. It goes on from the largest number that is stored or restored. (Java starts
/// at 1 again in each instance: after a restart a second value with the key, start and number of a stored one
/// overwrites it. The changelog bytes differ from Java's in this alone.)
/// Stream time and null puts with duplicates, as in Java: a RocksDB store does not notice them, an in-memory store
/// takes their time. Walks show the store as it was when they began. Starts are never negative: such a put is a
/// ProcessorStateException.
class WindowBytesStore : public StateStore, public RestorableStore {
 public:
  /// nullopt deletes (without duplicates) or is skipped (with duplicates).
  /// Returns the sequence number that the entry got: 0 without duplicates.
  virtual std::uint32_t put(std::string_view key, BytesView value, Timestamp window_start) = 0;

  /// The value at exactly this start; the view is valid until the next call. Not for duplicates.
  [[nodiscard]] virtual BytesView fetch(std::string_view key, Timestamp window_start) = 0;

  /// Calls `visit(start, value)` for each entry of `key` with from <= start <= to, in order of (start, seq),
  /// until it returns false. The hot path of joins: allocates nothing. `visit` must not write to this store.
  virtual void fetch_each(std::string_view key, Timestamp from, Timestamp to,
                          FunctionRef<bool(Timestamp, std::string_view)> visit) = 0;

  [[nodiscard]] virtual std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                                   bool forward) = 0;

  /// Entries of all keys in [key_from, key_to] (nullopt: open) with from <= start <= to. Order as in Kafka Streams:
  /// RocksDB  by segment (start / max(retention / 2, 60,000)), then by the bytes `key + start(8) + seq(4)`, so that of
  ///          two keys of which one begins the other, either may come first
  /// memory   by start, then by the key, with duplicates by the bytes `key + seq(4)`
  /// Backward is exactly the other way round.
  [[nodiscard]] virtual std::unique_ptr<WindowBytesIterator> fetch_range(BytesView key_from, BytesView key_to,
                                                                         Timestamp from, Timestamp to,
                                                                         bool forward) = 0;

  [[nodiscard]] virtual Timestamp observed_stream_time() const = 0;
  [[nodiscard]] virtual const WindowStoreOptions& options() const = 0;
};

/// As BytesIterator; key() is the record key alone, beside it the session's bounds.
class SessionBytesIterator : public BytesIterator {
 public:
  [[nodiscard]] virtual Window session() const = 0;
};

/// Values by key and session; a session's end is inclusive. (Kafka Streams: `SessionStore<Bytes, byte[]>`.)
///
/// Expiry: observed stream time is the largest session end ever put (with a value or nullopt) or restored, in RocksDB
/// also removed. A session is visible iff end > observed stream time - retention; a put of an expired one is skipped.
/// Ends are never negative.
/// Order of walks, as in Kafka Streams:
///   one key    by end, then by start (in memory: later starts first)
///   key range  RocksDB: by segment (end / max(retention / 2, 60,000)), then by the bytes `key + end(8) + start(8)`
///              memory: by end, then by key, then later starts first
/// Backward is exactly the other way round. Walks show the store as it was when they began.
class SessionBytesStore : public StateStore, public RestorableStore {
 public:
  /// nullopt removes the session.
  virtual void put(std::string_view key, const Window& session, BytesView value) = 0;
  /// Differs from a put of nullopt in memory, where it leaves the observed stream time alone.
  virtual void remove(std::string_view key, const Window& session) = 0;

  /// The value of exactly this session; the view is valid until the next call.
  [[nodiscard]] virtual BytesView fetch_session(std::string_view key, const Window& session) = 0;

  /// Sessions of `key` with end >= earliest_end and start <= latest_start.
  [[nodiscard]] virtual std::unique_ptr<SessionBytesIterator> find_sessions(std::string_view key,
                                                                            Timestamp earliest_end,
                                                                            Timestamp latest_start, bool forward) = 0;
  /// The same for all keys in [key_from, key_to]; nullopt is open.
  [[nodiscard]] virtual std::unique_ptr<SessionBytesIterator> find_sessions_in_range(
      BytesView key_from, BytesView key_to, Timestamp earliest_end, Timestamp latest_start, bool forward) = 0;
  /// Sessions of all keys with earliest_end <= end <= latest_end: RocksDB by (end, start, key), memory by end, then by
  /// key, then later starts first.
  [[nodiscard]] virtual std::unique_ptr<SessionBytesIterator> find_sessions_by_end(Timestamp earliest_end,
                                                                                   Timestamp latest_end) = 0;

  [[nodiscard]] virtual Timestamp observed_stream_time() const = 0;
  [[nodiscard]] virtual std::int64_t retention_ms() const = 0;
};

/// A version of a value as bytes, valid from `timestamp` until `valid_to` (exclusive; nullopt: it is the latest).
struct VersionedBytes {
  std::string_view value;
  Timestamp timestamp = kNoTimestamp;
  std::optional<Timestamp> valid_to;
};

/// Values by key with their history. (Kafka Streams: `VersionedKeyValueStore<Bytes, byte[]>`.)
///
/// Observed stream time is the largest timestamp ever put or restored. A put before (observed stream time - history
/// retention) is rejected. A version can be read as of every time of the history retention; the latest one always.
class VersionedBytesStore : public StateStore, public RestorableStore {
 public:
  /// nullopt: the key has no value from `timestamp` on.
  virtual VersionedPut put(std::string_view key, BytesView value, Timestamp timestamp) = 0;

  /// The views are valid until the next call on this store.
  [[nodiscard]] virtual std::optional<VersionedBytes> get(std::string_view key) = 0;
  /// nullopt: no value at that time, or the time is before the history retention and the latest version is younger.
  [[nodiscard]] virtual std::optional<VersionedBytes> get(std::string_view key, Timestamp as_of) = 0;

  [[nodiscard]] virtual Timestamp observed_stream_time() = 0;
  [[nodiscard]] virtual std::int64_t history_retention_ms() const = 0;
};

}  // namespace millrace::detail
