#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_buffer_manager.h>

#include <map>
#include <memory>
#include <optional>
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

/// See TaskDatabase; the layout is drawn in layout.hpp.
class RocksDbTaskDatabase final : public TaskDatabase, public DatabaseStore::Registry {
 public:
  RocksDbTaskDatabase(const std::filesystem::path& directory, std::shared_ptr<StateMemory> memory);
  ~RocksDbTaskDatabase() override;

  [[nodiscard]] std::unique_ptr<KeyValueBytesStore> key_value_store(const std::string& name) override;
  [[nodiscard]] std::unique_ptr<WindowBytesStore> window_store(const std::string& name,
                                                               const WindowStoreOptions& options) override;
  [[nodiscard]] std::unique_ptr<SessionBytesStore> session_store(const std::string& name,
                                                                 std::int64_t retention_ms) override;
  [[nodiscard]] std::unique_ptr<VersionedBytesStore> versioned_store(const std::string& name,
                                                                     std::int64_t history_retention_ms) override;
  void expect_headers(const std::string& store, bool headers) override;
  void expect_changelogs(const std::string& store, const std::vector<TopicPartition>& changelogs) override;
  [[nodiscard]] std::optional<Offset> position(const std::string& store,
                                               const TopicPartition& changelog) const override;
  [[nodiscard]] std::size_t uncommitted_bytes() const override;
  void commit(const std::map<std::string, ChangelogPositions>& positions) override;
  void discard() override;
  void flush() override;
  void wipe(const std::string& store) override;
  [[nodiscard]] std::shared_ptr<const CommittedKeyValueReader> committed_key_value(
      const std::string& store) const override;
  [[nodiscard]] std::shared_ptr<const CommittedWindowReader> committed_windows(const std::string& store) const override;

  void forget(DatabaseStore& store) override;

 private:
  void open_database();
  void read_meta();
  void read_format();
  /// Throws ProcessorStateException unless an open store of this name has this family.
  [[nodiscard]] rocksdb::ColumnFamilyHandle* open_family(std::string_view kind, const std::string& store) const;
  void close();
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(const std::string& name, const std::string& store);
  [[nodiscard]] StorePlace place(const std::string& family_name, const std::string& store);
  /// Checks that no store of this name is open, and drops what one of another kind has left behind.
  void prepare_name(const std::string& store, std::string_view kind);
  [[nodiscard]] std::unique_ptr<KeyValueBytesStore> open_key_value(std::string_view kind, const std::string& store);
  [[nodiscard]] std::unique_ptr<WindowBytesStore> open_windows(std::string_view kind, const std::string& store,
                                                               const WindowStoreOptions& options);
  [[nodiscard]] std::optional<layout::WindowMeta> read_window_meta(const std::string& store);
  void write(rocksdb::WriteBatch& batch, std::string_view doing);
  void trim_expired();
  void adjust_memory();

  std::filesystem::path directory_;
  StateMemory::Member memory_;
  std::shared_ptr<TierBudget> budget_;  // the stores' tiers may outlive the database
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers_;
  std::shared_ptr<DurableExpiry> expiry_ = std::make_shared<DurableExpiry>();
  std::unique_ptr<rocksdb::DB> db_;
  std::map<std::string, rocksdb::ColumnFamilyHandle*> families_;  // by column family name; closed before db_
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
  std::vector<DatabaseStore*> stores_;
  std::map<std::string, PersistentWindowStore*> window_stores_;  // by column family name
  StoredPositions positions_;
  std::shared_ptr<ReaderGate> readers_;
  std::uint64_t trimmed_at_flush_ = 0;
};

}  // namespace millrace::detail
