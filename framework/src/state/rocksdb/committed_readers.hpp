// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "reader_gate.hpp"
#include "state/committed_reader.hpp"

namespace millrace::detail {

/// Readers of one column family each, for interactive queries. They show the last commit and never the uncommitted
/// writes, which are in the tier and not in RocksDB.
///
/// Threads: any. `family` must live until the gate closes. After that every call throws ProcessorStateException.
/// `store`: the name for error messages.
[[nodiscard]] std::shared_ptr<const CommittedKeyValueReader> make_committed_key_value_reader(
    std::shared_ptr<ReaderGate> gate, rocksdb::ColumnFamilyHandle* family, std::string store);
[[nodiscard]] std::shared_ptr<const CommittedWindowReader> make_committed_window_reader(
    std::shared_ptr<ReaderGate> gate, rocksdb::ColumnFamilyHandle* family, std::string store,
    const WindowStoreOptions& options);
[[nodiscard]] std::shared_ptr<const CommittedVersionedReader> make_committed_versioned_reader(
    std::shared_ptr<ReaderGate> gate, rocksdb::ColumnFamilyHandle* family, std::string store,
    std::int64_t history_retention_ms);

/// Copies bytes that lie in RocksDB's memtables. Readers look at such bytes only in this function, because the thread
/// sanitizer does not see what orders them with the writer: see tests/support/tsan.supp.
void copy_out(std::string& to, const rocksdb::Slice& bytes);

/// A copy of the value of `key`; nullopt: there is none. `store`: for errors. REQUIRES: a Visit.
[[nodiscard]] std::optional<std::string> read(const ReaderGate& gate, const rocksdb::ReadOptions& options,
                                              rocksdb::ColumnFamilyHandle* family, std::string_view key,
                                              const std::string& store);

/// One commit of a database: all reads with options() see this commit. REQUIRES: a Visit for as long as it exists.
class CommitSnapshot {
 public:
  explicit CommitSnapshot(rocksdb::DB& db) : db_(db) { options_.snapshot = db.GetSnapshot(); }
  CommitSnapshot(const CommitSnapshot&) = delete;
  CommitSnapshot& operator=(const CommitSnapshot&) = delete;
  ~CommitSnapshot() { db_.ReleaseSnapshot(options_.snapshot); }

  [[nodiscard]] const rocksdb::ReadOptions& options() const { return options_; }

 private:
  rocksdb::DB& db_;
  rocksdb::ReadOptions options_;
};

}  // namespace millrace::detail
