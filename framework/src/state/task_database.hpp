// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/log_proof.hpp"
#include "millrace/broker/topic_partition.hpp"
#include "millrace/common/detail/strong.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/state/detail/bytes_store.hpp"
#include "state/committed_reader.hpp"

namespace millrace::detail {

/// A task's local state cannot be read: RocksDB found damage, files are missing, or a newer Millrace wrote it. (Kafka
/// Streams: `TaskCorruptedException`.)
///
/// No data is lost. The remedy: close the database, delete the task directory (StateDirectory::TaskLock::wipe), open
/// the database again, and restore every store from its changelog. Damage may be found late, because RocksDB checks a
/// block only when it reads the block: in a lookup, a range scan or a compaction. After a compaction has found damage,
/// each write throws this exception.
class StateCorruptedException : public ProcessorStateException {
 public:
  /// `directory`: the directory of the damaged database.
  StateCorruptedException(const std::string& what, std::filesystem::path directory)
      : ProcessorStateException(what), directory_(std::move(directory)) {}

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
};

class StateMemory;

/// How far data go in a log.
struct LogPosition {
  // Implicit, because a position without a proof is an offset.
  LogPosition(Offset the_next, std::optional<LogProof> the_proof = std::nullopt) : next(the_next), proof(the_proof) {}

  Offset next;                    ///< the offset after the last record that the data include
  std::optional<LogProof> proof;  ///< of a record before `next`; nullopt: not known

  bool operator==(const LogPosition&) const = default;
};

/// How far a store's data go, for each topic partition that the store is rebuilt from. Restoring goes on at
/// LogPosition::next.
using ChangelogPositions = std::map<TopicPartition, LogPosition>;

/// How far the data of a task's stores go in the input of the task.
struct InputOffsets {
  /// By input partition: the offset after the last record that the data include, with the metadata of the commit. A
  /// partition without an entry was not read yet.
  std::map<TopicPartition, OffsetAndMetadata> processed;
  /// By input partition: the group's committed offset that the task knew when it wrote the data.
  std::map<TopicPartition, std::int64_t> of_group;

  bool operator==(const InputOffsets&) const = default;
};

/// Budgets of one database, or of all databases that share a StateMemory.
struct DatabaseOptions {
  /// Bytes of the in-memory tiers of all stores together. Uncommitted entries are held even beyond this limit.
  std::size_t tier_bytes = 32u << 20;
  std::size_t block_cache_bytes = 8u << 20;
  /// Bytes of RocksDB's memtables of all stores together. When they are full, RocksDB flushes them in the background.
  /// Commits with Wal::off survive a crash only after such a flush. So after a crash about this many bytes of changelog
  /// are read again.
  std::size_t write_buffer_bytes = 16u << 20;
};

/// All persistent stores of one task in one RocksDB database. Each store has a column family. One more column family
/// holds meta data, above all the positions of each store in its changelog.
///
/// Writes        They stay in memory until commit(). One atomic write then puts the data of all stores, their changelog
///               positions and the InputOffsets, if any, into RocksDB. discard() forgets all writes since the last
///               commit; it is called when the transaction is aborted.
/// Crash         A commit with Wal::on goes through RocksDB's write-ahead log
/// (WAL), which is not synced to disk. So the
///               commit survives the end of the process, but perhaps not a
///               failure of the machine. A commit with Wal::off bypasses the
///               log and survives only after a flush. Flushes are atomic over
///               all column families. After a crash the database shows an
///               earlier commit as a whole. The task then reads the changelog
///               from the positions of that commit.
/// Memory tier   Each store has an in-memory tier. A window store's tier holds all recent entries of all keys. A
///               key-value store's tier holds the most recently used keys. Committed entries beyond `tier_bytes` are
///               evicted, oldest first, and read from RocksDB again when needed.
/// Restore       RestorableStore::restore() writes to RocksDB directly, without the tier and the log. If the process
///               crashes before the positions are committed, the same changelog records are restored again. This does
///               no harm.
/// Readers       Other threads read the last commit through committed_key_value() and committed_windows().
/// Threads       One at a time, except for those readers. One process at a time per directory (RocksDB's own lock).
/// Errors        ProcessorStateException names the store and the directory. LockException: the directory is in use.
///               StateCorruptedException: the state must be deleted and restored. After an error in commit() the
///               database has nothing of that commit.
/// Limitations   The task itself reads its uncommitted writes, because its processors depend on them.
class TaskDatabase {
 public:
  virtual ~TaskDatabase() = default;

  /// Creates the directory and the database if missing.
  [[nodiscard]] static std::unique_ptr<TaskDatabase> open(const std::filesystem::path& directory,
                                                          const DatabaseOptions& options = {});
  /// The memory limits are a share of what the databases of the application have together.
  [[nodiscard]] static std::unique_ptr<TaskDatabase> open(const std::filesystem::path& directory,
                                                          std::shared_ptr<StateMemory> memory);

  /// Opens a store. Throws ProcessorStateException if a store of this name is open already.
  ///
  /// The caller owns the store. It may destroy the store before or after the database, but must not use it after the
  /// database is destroyed. Uncommitted writes of a destroyed store are lost.
  ///
  /// The store starts empty and without a position if its data on disk do not fit: they belong to a store of another
  /// kind, or have another segment interval (window and session stores). A warning is logged then.
  [[nodiscard]] virtual std::unique_ptr<KeyValueBytesStore> key_value_store(const std::string& name) = 0;
  [[nodiscard]] virtual std::unique_ptr<WindowBytesStore> window_store(const std::string& name,
                                                                       const WindowStoreOptions& options) = 0;
  [[nodiscard]] virtual std::unique_ptr<SessionBytesStore> session_store(const std::string& name,
                                                                         std::int64_t retention_ms) = 0;
  [[nodiscard]] virtual std::unique_ptr<VersionedBytesStore> versioned_store(const std::string& name,
                                                                             std::int64_t history_retention_ms) = 0;

  /// The text of the last note_type() for the store; nullopt: there is none. Wiping the store keeps the text.
  [[nodiscard]] virtual std::optional<std::string> type_of(const std::string& store) const = 0;
  /// Saves a text of write_store_type() for the store. The text is durable when the call returns.
  virtual void note_type(const std::string& store, const std::string& type) = 0;

  /// Says whether the store's values begin with headers. Call this before the store is opened. If the data on disk
  /// differ, the store starts empty and without a position: its bytes would be misread otherwise.
  virtual void expect_headers(const std::string& store, bool headers) = 0;

  /// Says which topic partitions the store is rebuilt from. Call this before the store is opened. If the data on disk
  /// were built from other partitions, the store starts empty and without a position: nobody knows what the data lack.
  virtual void expect_changelogs(const std::string& store, const std::vector<TopicPartition>& changelogs) = 0;

  /// Whether a store was empty when it was opened, or was wiped since. A store is empty at first if it is new, or if a
  /// check has deleted its data.
  [[nodiscard]] virtual bool starts_empty(const std::string& store) const = 0;

  /// The next offset to restore a store from, as of the last commit; nullopt: nothing is stored.
  [[nodiscard]] virtual std::optional<Offset> position(const std::string& store,
                                                       const TopicPartition& changelog) const = 0;
  /// The proof of that position; nullopt: none is stored.
  [[nodiscard]] virtual std::optional<LogProof> proof(const std::string& store,
                                                      const TopicPartition& changelog) const = 0;

  /// Bytes written since the last commit. The task asks for a commit when they exceed its share of
  /// statestore.uncommitted.max.bytes.
  [[nodiscard]] virtual std::size_t uncommitted_bytes() const = 0;

  /// The input offsets of the last commit; nullopt: the last commit had none.
  [[nodiscard]] virtual const std::optional<InputOffsets>& inputs() const = 0;

  /// Whether a commit goes through RocksDB's write-ahead log.
  enum class Wal { on, off };
  /// Makes all uncommitted writes, these positions and `inputs` part of RocksDB, by one atomic write. `positions`: by
  /// store name. They replace all positions of the store. A store that is not named keeps its positions. `inputs`:
  /// nullopt removes the input offsets of earlier commits.
  virtual void commit(const std::map<std::string, ChangelogPositions>& positions,
                      const std::optional<InputOffsets>& inputs = std::nullopt, Wal wal = Wal::off) = 0;
  /// Forgets all uncommitted writes.
  virtual void discard() = 0;

  /// Brings everything committed to disk. Called when the task closes cleanly, so that the next start restores nothing.
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
  [[nodiscard]] virtual std::shared_ptr<const CommittedSessionReader> committed_sessions(
      const std::string& store) const = 0;
  [[nodiscard]] virtual std::shared_ptr<const CommittedVersionedReader> committed_versions(
      const std::string& store, std::int64_t history_retention_ms) const = 0;
};

}  // namespace millrace::detail
