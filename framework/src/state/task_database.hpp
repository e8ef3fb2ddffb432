#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/broker/topic_partition.hpp"
#include "millrace/common/detail/strong.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/state/detail/bytes_store.hpp"
#include "state/committed_reader.hpp"

namespace millrace::detail {

/// A task's local state cannot be read: RocksDB found damage, files are missing, or a newer Millrace wrote it.
/// Nothing is lost: close the database, delete the task directory (StateDirectory::TaskLock::wipe), open it again
/// and restore every store from its changelog. (Kafka Streams: `TaskCorruptedException`.)
class StateCorruptedException : public ProcessorStateException {
 public:
  using ProcessorStateException::ProcessorStateException;
};

class StateMemory;

/// For each topic partition that a store is rebuilt from, the offset behind the last record that its data include.
using ChangelogPositions = std::map<TopicPartition, Offset>;

/// Budgets of one database, or of all databases that share a StateMemory.
struct DatabaseOptions {
  /// Of the memory tiers of all stores together. Uncommitted entries are held beyond it.
  std::size_t tier_bytes = 32u << 20;
  std::size_t block_cache_bytes = 8u << 20;
  /// RocksDB's memtables of all stores together. Once they are full, a background flush makes everything committed
  /// so far survive a crash: the changelog tail that a crash costs is at most about this long.
  std::size_t write_buffer_bytes = 16u << 20;
};

/// All persistent stores of one task in one RocksDB: a column family per store, and one for meta data. That one keeps
/// the positions of each store in its changelog.
///
/// Operation     Writes stay in memory until commit(), which puts the data of all stores and the changelog offsets
///               that they correspond to into RocksDB by one atomic write. discard() forgets everything since the
///               last commit, as an aborted transaction demands. The WAL is off and flushes are atomic over all
///               column families: after a crash the database shows some earlier commit, whole, and the changelog
///               from the offsets of that commit onwards replays the rest.
/// Memory tier   Each store answers from memory what it provably knows: a window store holds all recent entries of all
///               keys, a key-value store the last used ones. What is over `tier_bytes` and committed is forgotten,
///               oldest first, and read from RocksDB again when needed.
/// Restore       RestorableStore::restore() writes straight to RocksDB, past the tier. A crash between that and the
///               commit() of the offsets makes the same changelog records be restored once more, which changes nothing.
/// Readers       Threads beside the owner read the last commit through committed_key_value() and committed_windows().
/// Concurrency   One thread at a time, but for those readers. One process at a time per directory (RocksDB's own lock).
/// Errors        ProcessorStateException naming the store and the directory; LockException if the directory is in
///               use; StateCorruptedException if the state has to be wiped and restored. After an error in commit()
///               nothing of that commit is in the database.
/// Limitations   Reads see uncommitted writes of the task itself, as they must.
class TaskDatabase {
 public:
  virtual ~TaskDatabase() = default;

  /// Creates the directory and the database if missing.
  [[nodiscard]] static std::unique_ptr<TaskDatabase> open(const std::filesystem::path& directory,
                                                          const DatabaseOptions& options = {});
  /// With a part of the memory that the application's databases share.
  [[nodiscard]] static std::unique_ptr<TaskDatabase> open(const std::filesystem::path& directory,
                                                          std::shared_ptr<StateMemory> memory);

  /// Opening a name twice is an error. The store must not be used once the database is gone; destroying it before or
  /// after is equally fine, and gives up what it has not committed.
  /// A store whose name was that of another kind, or of a window or session store with another segment interval, before
  /// starts empty and without position.
  [[nodiscard]] virtual std::unique_ptr<KeyValueBytesStore> key_value_store(const std::string& name) = 0;
  [[nodiscard]] virtual std::unique_ptr<WindowBytesStore> window_store(const std::string& name,
                                                                       const WindowStoreOptions& options) = 0;
  [[nodiscard]] virtual std::unique_ptr<SessionBytesStore> session_store(const std::string& name,
                                                                         std::int64_t retention_ms) = 0;
  [[nodiscard]] virtual std::unique_ptr<VersionedBytesStore> versioned_store(const std::string& name,
                                                                             std::int64_t history_retention_ms) = 0;

  /// Before the store is opened: whether its values begin with headers. If that was otherwise before, the store starts
  /// empty and without position, since its bytes would be read wrongly.
  virtual void expect_headers(const std::string& store, bool headers) = 0;

  /// Before the store is opened: the topic partitions that it is rebuilt from. If its data were built from others, the
  /// store starts empty and without position, since nobody would know what they lack.
  virtual void expect_changelogs(const std::string& store, const std::vector<TopicPartition>& changelogs) = 0;

  /// The next offset to restore a store from, as of the last commit; nullopt: nothing is stored.
  [[nodiscard]] virtual std::optional<Offset> position(const std::string& store,
                                                       const TopicPartition& changelog) const = 0;

  /// Bytes written since the last commit: over statestore.uncommitted.max.bytes the task asks for a commit.
  [[nodiscard]] virtual std::size_t uncommitted_bytes() const = 0;

  /// `positions`: by store. What is not named keeps its position.
  virtual void commit(const std::map<std::string, ChangelogPositions>& positions) = 0;
  virtual void discard() = 0;

  /// Brings everything committed to disk (on clean close; an explicit checkpoint).
  virtual void flush() = 0;

  /// Deletes all data of one store and its positions, for a restore from the beginning. Atomic and durable at once;
  /// uncommitted writes of other stores stay uncommitted.
  virtual void wipe(const std::string& store) = 0;

  /// An open store as of the last commit, for other threads. Throws ProcessorStateException if no store of that name
  /// and kind is open.
  [[nodiscard]] virtual std::shared_ptr<const CommittedKeyValueReader> committed_key_value(
      const std::string& store) const = 0;
  [[nodiscard]] virtual std::shared_ptr<const CommittedWindowReader> committed_windows(
      const std::string& store) const = 0;
};

}  // namespace millrace::detail
