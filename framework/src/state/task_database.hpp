#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "millrace/broker/topic_partition.hpp"
#include "millrace/state/bytes_store.hpp"

namespace millrace {

struct DatabaseOptions {
  /// Budget of the memory tiers of this database's stores together.
  std::size_t tier_bytes = 32u << 20;
  std::size_t block_cache_bytes = 8u << 20;
  std::size_t write_buffer_bytes = 16u << 20;
};

/// All persistent stores of one task in one RocksDB: a column family per store, and one for changelog offsets.
///
/// Operation     Writes stay in memory until commit(), which puts the data of all stores and the changelog offsets
///               that they correspond to into RocksDB by one atomic write. discard() forgets everything since the
///               last commit, as an aborted transaction demands. The WAL is off and flushes are atomic over all
///               column families: after a crash the database shows some earlier commit, whole, and the changelog
///               from the offsets of that commit onwards replays the rest.
/// Concurrency   One thread at a time. One process at a time per directory (RocksDB's own lock).
/// Limitations   Reads see uncommitted writes of the task itself, as they must.
class TaskDatabase {
 public:
  virtual ~TaskDatabase() = default;

  [[nodiscard]] static std::unique_ptr<TaskDatabase> open(const std::filesystem::path& directory,
                                                          const DatabaseOptions& options = {});

  /// The returned stores live as long as the database. Opening a name twice is an error.
  [[nodiscard]] virtual std::unique_ptr<KeyValueBytesStore> key_value_store(const std::string& name) = 0;
  [[nodiscard]] virtual std::unique_ptr<WindowBytesStore> window_store(const std::string& name,
                                                                       const WindowStoreOptions& options) = 0;

  /// The next changelog offset to restore from, as of the last commit; nullopt: nothing is stored.
  [[nodiscard]] virtual std::optional<std::int64_t> changelog_offset(const TopicPartition& changelog) const = 0;

  /// Bytes written since the last commit: over statestore.uncommitted.max.bytes the task asks for a commit.
  [[nodiscard]] virtual std::size_t uncommitted_bytes() const = 0;

  /// `next_offsets`: for each changelog the offset behind the last record that the data include.
  virtual void commit(const std::map<TopicPartition, std::int64_t>& next_offsets) = 0;
  virtual void discard() = 0;

  /// Brings everything committed to disk (on clean close; an explicit checkpoint).
  virtual void flush() = 0;

  /// Deletes all data and offsets of one store, for a restore from the beginning.
  virtual void wipe(const std::string& store) = 0;
};

}  // namespace millrace
