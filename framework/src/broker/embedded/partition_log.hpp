#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "broker/embedded/format.hpp"
#include "broker/embedded/page.hpp"
#include "broker/embedded/storage.hpp"
#include "broker/embedded/waiter.hpp"
#include "millrace/broker/topic_partition.hpp"

namespace millrace::detail::embedded {

/// One partition's log: offsets, transactions, and the pages that were written last. Guarded by the broker's mutex.
struct PartitionLog {
  PartitionLog(TopicPartition the_name, std::uint32_t the_topic_id)
      : name(std::move(the_name)), topic_id(the_topic_id) {}

  /// Reads what the database knows of it.
  void load(const Storage& storage);

  /// The last stable offset: below it, every transaction has ended.
  [[nodiscard]] std::int64_t last_stable() const;
  [[nodiscard]] std::int64_t end(bool read_committed) const { return read_committed ? last_stable() : next; }

  /// True if the page belongs to a transaction that was aborted.
  [[nodiscard]] bool is_aborted(const Page& page) const;

  /// Drops aborted transactions of which nothing is left at or after `offset`: first on disk, then in memory.
  void stage_forget_aborted(std::int64_t offset, Storage::Changes& changes) const;
  void forget_aborted(std::int64_t offset);

  struct OpenTransaction {
    std::uint64_t producer_id;
    std::int64_t first;
  };

  const TopicPartition name;
  const std::uint32_t topic_id;
  std::int64_t next = 0;         ///< offset of the next record to be written
  format::PartitionEntry entry;  ///< log start offset and how far it was compacted
  std::vector<OpenTransaction> open;
  std::vector<format::AbortedEntry> aborted;  ///< by `last`
  std::deque<PagePtr> tail;                   ///< the newest pages, without a gap up to `next`
  std::uint64_t cleanings = 0;                ///< how often it was compacted since the start
  std::vector<Waiter*> waiters;               ///< consumers that read this partition
};

/// Pages of visible records, and the offset after everything that was looked at for them.
struct Fetched {
  std::vector<PagePtr> pages;
  std::int64_t next = 0;
};

/// Reads about `kFetchBytes` from `offset` on, leaving out the ends of transactions and, if `read_committed`, aborted
/// records and all from the first open transaction on. Takes the pages from memory if they are there. `lock` holds
/// the broker's mutex; it is released while the disk is read.
[[nodiscard]] Fetched fetch(const Storage& storage, std::unique_lock<std::mutex>& lock, const PartitionLog& log,
                            std::int64_t offset, bool read_committed);
inline constexpr std::size_t kFetchBytes = 1 << 20;

}  // namespace millrace::detail::embedded
