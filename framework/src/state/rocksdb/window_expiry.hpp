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

/// Until when the entries of one window store are expired, as far as that is on disk. Written by the thread that
/// flushes, read by those that compact.
struct ExpiryMark {
  std::atomic<Timestamp> live_from{std::numeric_limits<Timestamp>::min()};
};

/// Drops expired entries of a window store whenever RocksDB writes a file anyway.
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

/// Moves the marks of all window stores of a database, each time that a flush completes.
///
/// A crash takes the database back to the commit that the last flush included, and at that commit's stream time an
/// entry may be alive that a later commit saw expire. So expiry on disk follows the flushed commits, not the latest.
class DurableExpiry final : public rocksdb::EventListener {
 public:
  /// The mark of a column family; made at the first call.
  [[nodiscard]] std::shared_ptr<ExpiryMark> mark(const std::string& family);

  /// A commit that ends with this RocksDB sequence number has these expiry times (by column family).
  void committed(std::uint64_t sequence, std::map<std::string, Timestamp> live_from);

  /// The column family was emptied: its times start anew.
  void reset(const std::string& family);

  /// How many flushes have completed.
  [[nodiscard]] std::uint64_t flushes() const { return flushes_.load(); }

  void OnFlushCompleted(rocksdb::DB* db, const rocksdb::FlushJobInfo& info) override;

 private:
  struct Commit {
    std::uint64_t sequence;
    std::map<std::string, Timestamp> live_from;
  };

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<ExpiryMark>> marks_;
  std::deque<Commit> commits_;  // not yet flushed
  std::atomic<std::uint64_t> flushes_{0};
};

}  // namespace millrace::detail
