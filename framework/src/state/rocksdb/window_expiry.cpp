// SPDX-License-Identifier: Apache-2.0
#include "window_expiry.hpp"

#include "layout.hpp"

namespace millrace::detail {

namespace {

/// Removes expired entries during a compaction or flush. Used by RocksDB's background threads.
class WindowExpiryFilter final : public rocksdb::CompactionFilter {
 public:
  explicit WindowExpiryFilter(Timestamp live_from) : live_from_(live_from) {}

  // Returns true if the entry is to be removed.
  [[nodiscard]] bool Filter(int, const rocksdb::Slice& key, const rocksdb::Slice&, std::string*, bool*) const override {
    return key.size() >= layout::kSegmentedKeyMinBytes &&
           layout::read_segmented_key({key.data(), key.size()}).start < live_from_;
  }
  [[nodiscard]] const char* Name() const override { return "millrace.WindowExpiry"; }

 private:
  Timestamp live_from_;
};

}  // namespace

// RocksDB's default is compactions only. Flushes can drop expired entries too.
bool WindowExpiryFilterFactory::ShouldFilterTableFileCreation(rocksdb::TableFileCreationReason reason) const {
  return reason == rocksdb::TableFileCreationReason::kFlush || reason == rocksdb::TableFileCreationReason::kCompaction;
}

std::unique_ptr<rocksdb::CompactionFilter> WindowExpiryFilterFactory::CreateCompactionFilter(
    const rocksdb::CompactionFilter::Context&) {
  // A filter belongs to one compaction and keeps the mark of its beginning, so it needs no lock.
  return std::make_unique<WindowExpiryFilter>(mark_->live_from.load());
}

std::shared_ptr<ExpiryMark> DurableExpiry::mark(const std::string& family) {
  const std::lock_guard lock(mutex_);
  auto& mark = marks_[family];
  if (!mark) mark = std::make_shared<ExpiryMark>();
  return mark;
}

void DurableExpiry::committed(std::uint64_t sequence, std::map<std::string, Timestamp> live_from) {
  // Bounds the memory if flushes are rare.
  constexpr std::size_t kMaxPending = 64;
  const std::lock_guard lock(mutex_);
  // There are many commits between two flushes. Dropping intermediate ones only delays expiry a little.
  if (commits_.size() >= kMaxPending) commits_.pop_back();
  commits_.push_back({sequence, std::move(live_from)});
}

void DurableExpiry::reset(const std::string& family) {
  // Called when the store was wiped. Its stream time starts again, so the old expiry must not remove new entries.
  const std::lock_guard lock(mutex_);
  for (Commit& commit : commits_) commit.live_from.erase(family);
  const auto mark = marks_.find(family);
  if (mark != marks_.end()) mark->second->live_from = std::numeric_limits<Timestamp>::min();
}

void DurableExpiry::OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo& info) {
  // A commit that moves a mark writes meta data last, into column family 0. All families are flushed together, so one
  // notification is enough.
  if (info.cf_id != 0) return;
  const std::lock_guard lock(mutex_);
  while (!commits_.empty() && commits_.front().sequence <= info.largest_seqno) {
    // This commit is flushed with its stream time. So its expiry times hold after a crash too.
    for (const auto& [family, live_from] : commits_.front().live_from) marks_[family]->live_from = live_from;
    commits_.pop_front();
  }
  ++flushes_;
}

}  // namespace millrace::detail
