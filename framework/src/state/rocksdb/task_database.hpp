// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_buffer_manager.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "database_store.hpp"
#include "layout.hpp"
#include "reader_gate.hpp"
#include "state/state_memory.hpp"
#include "state/task_database.hpp"
#include "state/tier/budget.hpp"
#include "stored_positions.hpp"
#include "window_expiry.hpp"

namespace millrace::detail {

class PersistentWindowStore;

/// The RocksDB database of one task. All stores of the task are column families of it, so one write commits all of them
/// together. See TaskDatabase for the contract, and layout.hpp for the content.
///
/// Threads: the task's own. Other threads read through the ReaderGate only. RocksDB's background threads call the
/// compaction filter and DurableExpiry.
class RocksDbTaskDatabase final : public TaskDatabase, public DatabaseStore::Registry {
 public:
  /// Opens the database in `directory`, or makes a new one. Throws LockException if another process or task has it
  /// open, StateCorruptedException if it is damaged or of an unknown format, and ProcessorStateException for other
  /// errors. `memory` is shared by all databases of the application.
  RocksDbTaskDatabase(const std::filesystem::path& directory, std::shared_ptr<StateMemory> memory);
  /// Uncommitted writes are lost. Stores that still exist may only be destroyed after that.
  ~RocksDbTaskDatabase() override;

  [[nodiscard]] std::unique_ptr<KeyValueBytesStore> key_value_store(const std::string& name) override;
  [[nodiscard]] std::unique_ptr<WindowBytesStore> window_store(const std::string& name,
                                                               const WindowStoreOptions& options) override;
  [[nodiscard]] std::unique_ptr<SessionBytesStore> session_store(const std::string& name,
                                                                 std::int64_t retention_ms) override;
  [[nodiscard]] std::unique_ptr<VersionedBytesStore> versioned_store(const std::string& name,
                                                                     std::int64_t history_retention_ms) override;
  [[nodiscard]] std::optional<std::string> type_of(const std::string& store) const override;
  void note_type(const std::string& store, const std::string& type) override;
  void expect_headers(const std::string& store, bool headers) override;
  void expect_changelogs(const std::string& store, const std::vector<TopicPartition>& changelogs) override;
  [[nodiscard]] bool starts_empty(const std::string& store) const override { return emptied_.contains(store); }
  [[nodiscard]] std::optional<Offset> position(const std::string& store,
                                               const TopicPartition& changelog) const override;
  [[nodiscard]] std::optional<LogProof> proof(const std::string& store, const TopicPartition& changelog) const override;
  [[nodiscard]] std::size_t uncommitted_bytes() const override;
  [[nodiscard]] const std::optional<InputOffsets>& inputs() const override { return inputs_; }
  void commit(const std::map<std::string, ChangelogPositions>& positions, const std::optional<InputOffsets>& inputs,
              Wal wal) override;
  void discard() override;
  void flush() override;
  void wipe(const std::string& store) override;
  [[nodiscard]] std::shared_ptr<const CommittedKeyValueReader> committed_key_value(
      const std::string& store) const override;
  [[nodiscard]] std::shared_ptr<const CommittedWindowReader> committed_windows(const std::string& store) const override;
  [[nodiscard]] std::shared_ptr<const CommittedSessionReader> committed_sessions(
      const std::string& store) const override;
  [[nodiscard]] std::shared_ptr<const CommittedVersionedReader> committed_versions(
      const std::string& store, std::int64_t history_retention_ms) const override;

  /// Called by a store's destructor.
  void forget(DatabaseStore& store) override;

 private:
  void open_database();
  void read_meta();
  // Writes the format of a new database. Throws StateCorruptedException for a format that this version cannot read.
  void read_format();
  // Throws StateCorruptedException if the bytes cannot be read.
  void read_inputs();
  /// Reads the window store in a family of this kind.
  [[nodiscard]] std::shared_ptr<const CommittedWindowReader> window_reader(std::string_view kind,
                                                                           const std::string& store) const;
  /// Throws ProcessorStateException unless an open store of this name has this family.
  [[nodiscard]] rocksdb::ColumnFamilyHandle* open_family(std::string_view kind, const std::string& store) const;
  void close();
  // The column family of this name, made if necessary.
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(const std::string& name, const std::string& store);
  [[nodiscard]] StorePlace place(const std::string& family_name, const std::string& store);
  /// Checks that no store of this name is open. Deletes the data of a store of another kind that had the same name.
  void prepare_name(const std::string& store, std::string_view kind);
  // `kind`: the prefix of the column family's name, see layout.hpp.
  [[nodiscard]] std::unique_ptr<KeyValueBytesStore> open_key_value(std::string_view kind, const std::string& store);
  [[nodiscard]] std::unique_ptr<WindowBytesStore> open_windows(std::string_view kind, const std::string& store,
                                                               const WindowStoreOptions& options);
  // nullopt: the store is new.
  [[nodiscard]] std::optional<layout::WindowMeta> read_window_meta(const std::string& store);
  // One atomic write. `doing` names the action in error messages. With Wal::on, the write survives a crash of the
  // process.
  void write(rocksdb::WriteBatch& batch, std::string_view doing, Wal wal = Wal::on);
  // Deletes files of expired segments, if a flush has completed since the last call.
  void trim_expired();
  // Reports the used memory to StateMemory and takes over the allowance that it returns.
  void adjust_memory();

  std::filesystem::path directory_;
  StateMemory::Member memory_;          // this database's share of the application's memory for state
  std::shared_ptr<TierBudget> budget_;  // the stores' tiers may outlive the database
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers_;
  std::shared_ptr<DurableExpiry> expiry_ = std::make_shared<DurableExpiry>();
  std::unique_ptr<rocksdb::DB> db_;
  std::map<std::string, rocksdb::ColumnFamilyHandle*> families_;  // by column family name; closed before db_
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
  std::vector<DatabaseStore*> stores_;                           // the open stores, which belong to their task
  std::map<std::string, PersistentWindowStore*> window_stores_;  // by column family name
  std::set<std::string> emptied_;                                // stores that were created or wiped by this object
  StoredPositions positions_;
  std::optional<InputOffsets> inputs_;
  // The last commit has bypassed the WAL, as all commits of a restore do. So data may not be on disk yet.
  bool beside_wal_ = false;
  std::shared_ptr<ReaderGate> readers_;  // closed before anything else
  std::uint64_t trimmed_at_flush_ = 0;   // the number of flushes at the last trim_expired()
};

}  // namespace millrace::detail
