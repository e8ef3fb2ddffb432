#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/common/time.hpp"
#include "millrace/state/detail/bytes_store.hpp"

namespace millrace::detail {

/// Reads a persistent key-value store as of the last commit, while its task goes on writing.
///
/// Commits   A commit is seen whole or not at all. Two calls may see two commits; one walk sees one. While a store is
///           restored, each applied batch counts as a commit.
/// Threads   Any number of threads may share a reader. The writer never waits for them, but closing the database waits
///           for the calls that are under way.
/// Lifetime  Readers and walks may outlive the database. Then every call throws ProcessorStateException.
/// Cost      Reads go to RocksDB: its memtables, its block cache, its files. The memory tier of the store belongs to
/// the
///           writer and holds uncommitted entries, so that readers must not look into it.
/// (Kafka Streams: `ReadOnlyKeyValueStore` under `IsolationLevel.READ_COMMITTED`, KIP-892.)
class CommittedKeyValueReader {
 public:
  virtual ~CommittedKeyValueReader() = default;

  [[nodiscard]] virtual std::optional<std::string> get(std::string_view key) const = 0;
  /// Both ends inclusive; nullopt is open. One thread at a time per walk.
  [[nodiscard]] virtual std::unique_ptr<BytesIterator> range(BytesView from, BytesView to,
                                                             bool forward = true) const = 0;
};

/// The same for a persistent window store. Windows that were expired at the last commit are not there.
class CommittedWindowReader {
 public:
  virtual ~CommittedWindowReader() = default;

  /// The value at exactly this start. Not for stores that retain duplicates.
  [[nodiscard]] virtual std::optional<std::string> fetch(std::string_view key, Timestamp window_start) const = 0;
  /// The entries of `key` with from <= start <= to, by (start, seq) or the other way round. The result is a copy.
  [[nodiscard]] virtual std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                                   bool forward = true) const = 0;
};

}  // namespace millrace::detail
