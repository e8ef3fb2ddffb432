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
};

}  // namespace millrace::detail
