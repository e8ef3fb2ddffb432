// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/common/detail/function_ref.hpp"
#include "state/task_database.hpp"

namespace millrace::detail {

/// The positions of a database's stores in their changelogs, as of the last commit: a copy of what lies in its meta
/// data. Changes are added to a batch first, and made here once the batch is in RocksDB.
class StoredPositions {
 public:
  explicit StoredPositions(std::filesystem::path directory) : directory_(std::move(directory)) {}

  void read(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* meta);

  [[nodiscard]] std::optional<LogPosition> get(const std::string& store, const TopicPartition& changelog) const;
  /// A partition in which the store has a position, but which is not one of these; nullptr: there is none.
  [[nodiscard]] const TopicPartition* outside(const std::string& store,
                                              const std::vector<TopicPartition>& changelogs) const;

  void add_commit(rocksdb::WriteBatch& batch, const std::map<std::string, ChangelogPositions>& positions) const;
  void committed(const std::map<std::string, ChangelogPositions>& positions);

  void add_wipe(rocksdb::WriteBatch& batch, const std::string& store) const;
  void wiped(const std::string& store) { positions_.erase(store); }

  /// The offsets that a database of format 1 has for these, if the store has no position yet.
  [[nodiscard]] ChangelogPositions of_format_1(const std::string& store,
                                               const std::vector<TopicPartition>& changelogs) const;
  void add_take_over(rocksdb::WriteBatch& batch, const std::string& store, const ChangelogPositions& offsets) const;
  void taken_over(const std::string& store, ChangelogPositions offsets);

 private:
  /// Calls `visit(key, position)` for each meta entry that begins with `prefix`.
  void each(rocksdb::DB& db, std::string_view prefix,
            FunctionRef<void(std::string_view, const LogPosition&)> visit) const;
  void put(rocksdb::WriteBatch& batch, const std::string& store, const TopicPartition& changelog,
           const LogPosition& position) const;

  std::filesystem::path directory_;
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
  std::map<std::string, ChangelogPositions> positions_;  // by store
  ChangelogPositions of_format_1_;                       // not yet taken over by a store
};

}  // namespace millrace::detail
