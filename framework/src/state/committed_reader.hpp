// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/common/time.hpp"
#include "millrace/state/detail/bytes_store.hpp"

namespace millrace::detail {

/// Reads a persistent key-value store as of the last commit, while its task continues to write. (Kafka Streams:
/// `ReadOnlyKeyValueStore` under `IsolationLevel.READ_COMMITTED`, KIP-892.)
///
/// Commits   A commit is seen as a whole or not at all. Two calls may see two commits; one iterator sees one. While a
///           store is being restored, each applied batch counts as a commit.
/// Threads   Any number of threads may share a reader. The writer never waits for them. Closing the database waits for
///           the calls in progress.
/// Lifetime  Readers and iterators may outlive the database. Then every call throws ProcessorStateException.
/// Cost      Reads go to RocksDB: its memtables, its block cache, its files. Readers cannot use the store's in-memory
///           tier, because it belongs to the writer and holds uncommitted entries.
class CommittedKeyValueReader {
 public:
  virtual ~CommittedKeyValueReader() = default;

  [[nodiscard]] virtual std::optional<std::string> get(std::string_view key) const = 0;
  /// Both ends are inclusive; nullopt is open. Only one thread at a time may use the iterator.
  [[nodiscard]] virtual std::unique_ptr<BytesIterator> range(BytesView from, BytesView to,
                                                             bool forward = true) const = 0;
};

/// As CommittedKeyValueReader, for a persistent window store. Windows that had expired at the last commit do not show.
class CommittedWindowReader {
 public:
  virtual ~CommittedWindowReader() = default;

  /// The value at exactly this start. Not for stores that retain duplicates.
  [[nodiscard]] virtual std::optional<std::string> fetch(std::string_view key, Timestamp window_start) const = 0;
  /// The entries of `key` with from <= start <= to, ordered by (start, seq), backward if `forward` is false. The result
  /// is a copy.
  [[nodiscard]] virtual std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                                   bool forward = true) const = 0;
  /// The entries of all keys in [key_from, key_to] with from <= start <= to, in the order of WindowBytesStore on
  /// RocksDB. nullopt: open. The result is a copy.
  [[nodiscard]] virtual std::unique_ptr<WindowBytesIterator> fetch_range(BytesView key_from, BytesView key_to,
                                                                         Timestamp from, Timestamp to,
                                                                         bool forward = true) const = 0;
};

/// The same for a persistent session store. Sessions that were expired at the last commit are not there. Results and
/// orders are those of SessionBytesStore on RocksDB, and copies.
class CommittedSessionReader {
 public:
  virtual ~CommittedSessionReader() = default;

  /// The value of exactly this session.
  [[nodiscard]] virtual std::optional<std::string> fetch_session(std::string_view key, const Window& session) const = 0;
  [[nodiscard]] virtual std::unique_ptr<SessionBytesIterator> find_sessions(std::string_view key,
                                                                            const SessionBounds& bounds = {},
                                                                            bool forward = true) const = 0;
  [[nodiscard]] virtual std::unique_ptr<SessionBytesIterator> find_sessions_in_range(BytesView key_from,
                                                                                     BytesView key_to,
                                                                                     const SessionBounds& bounds = {},
                                                                                     bool forward = true) const = 0;
};

/// A version as VersionedBytes, with a copy of its value.
struct CommittedVersion {
  std::string value;
  Timestamp timestamp = kNoTimestamp;
  std::optional<Timestamp> valid_to;  ///< nullopt: the version is the latest
};

/// The same for a versioned store. Each call reads one commit.
class CommittedVersionedReader {
 public:
  virtual ~CommittedVersionedReader() = default;

  /// The latest version.
  [[nodiscard]] virtual std::optional<CommittedVersion> get(std::string_view key) const = 0;
  /// The version that was valid at `as_of`, as VersionedBytesStore::get.
  [[nodiscard]] virtual std::optional<CommittedVersion> get(std::string_view key, Timestamp as_of) const = 0;
};

}  // namespace millrace::detail
