// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/compaction_filter.h>
#include <rocksdb/listener.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// The expiry time of one window store that is safe on disk: entries with an earlier start may be removed. In ms;
/// initially nothing is expired. RocksDB's flush threads write it, its compaction threads read it.
struct ExpiryMark {
  std::atomic<Timestamp> live_from{std::numeric_limits<Timestamp>::min()};
};

/// Makes RocksDB remove expired entries of a window store whenever it writes a file anyway. This is cheaper than
/// deleting them one by one.
class WindowExpiryFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit WindowExpiryFilterFactory(std::shared_ptr<const ExpiryMark> mark) : mark_(std::move(mark)) {}

  [[nodiscard]] bool ShouldFilterTableFileCreation(rocksdb::TableFileCreationReason reason) const override;
  [[nodiscard]] std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& context) override;
  [[nodiscard]] const char* Name() const override { return "millrace.WindowExpiry"; }

 private:
  std::shared_ptr<const ExpiryMark> mark_;
};

/// Moves the expiry marks of all window stores of a database when a flush completes.
///
/// Why not at each commit: after a crash the database is at the last flushed commit. Stream time was earlier then, so
/// an entry that has expired since may still be alive at that commit. Expiry on disk must therefore follow flushed
/// commits.
///
/// Threads: any. RocksDB calls OnFlushCompleted() in a background thread; the task's thread calls the rest.
class DurableExpiry final : public rocksdb::EventListener {
 public:
  /// The mark of a column family. The first call makes it.
  [[nodiscard]] std::shared_ptr<ExpiryMark> mark(const std::string& family);

  /// Records a commit. `sequence` is RocksDB's sequence number after the commit's write. `live_from` says per column
  /// family from which window start on entries are alive at this commit.
  void committed(std::uint64_t sequence, std::map<std::string, Timestamp> live_from);

  /// The column family was emptied: forget its expiry times.
  void reset(const std::string& family);

  /// How many flushes have completed.
  [[nodiscard]] std::uint64_t flushes() const { return flushes_.load(); }

  void OnFlushCompleted(rocksdb::DB* db, const rocksdb::FlushJobInfo& info) override;

 private:
  /// See committed().
  struct Commit {
    std::uint64_t sequence;
    std::map<std::string, Timestamp> live_from;
  };

  std::mutex mutex_;  // guards marks_ and commits_
  std::map<std::string, std::shared_ptr<ExpiryMark>> marks_;
  std::deque<Commit> commits_;  // not yet flushed, oldest first
  std::atomic<std::uint64_t> flushes_{0};
};

}  // namespace millrace::detail
