// SPDX-License-Identifier: Apache-2.0
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

/// The log of one partition: its offsets, its transactions, and its newest pages. Owned by its Topic. Guarded by the
/// broker's mutex.
struct PartitionLog {
  PartitionLog(TopicPartition the_name, TopicId the_topic_id) : name(std::move(the_name)), topic_id(the_topic_id) {}

  /// Reads the partition's bookkeeping and the end of its log from disk, but not its open transactions. Called once, at
  /// the start of the broker.
  void load(const Storage& storage);

  /// Takes over what `fresh` has just loaded of the same partition, after another process has changed the disk.
  void take_over(PartitionLog& fresh);

  /// The last stable offset, exclusive: every transaction with records below it has ended.
  [[nodiscard]] Offset last_stable() const;
  /// The end for a reader, exclusive.
  [[nodiscard]] Offset end(bool read_committed) const { return read_committed ? last_stable() : next; }

  /// True if the page belongs to an aborted transaction.
  [[nodiscard]] bool is_aborted(const Page& page) const;

  /// Forget aborted transactions that ended before `offset`, because no records of them are left. The first function
  /// adds the change on disk to `changes`; the second changes the memory and must follow the successful write.
  void stage_forget_aborted(Offset offset, Storage::Changes& changes) const;
  void forget_aborted(Offset offset);

  /// A transaction that has written to this partition and has not ended.
  struct OpenTransaction {
    ProducerId producer_id;
    Offset first;  ///< offset of the transaction's first record in this partition
  };

  [[nodiscard]] PartitionId partition() const { return PartitionId(name.partition); }

  const TopicPartition name;
  const TopicId topic_id;
  Offset next;                   ///< offset of the next record to be written
  format::PartitionEntry entry;  ///< log start offset and state of compaction; as stored on disk
  std::vector<OpenTransaction> open;
  std::vector<format::AbortedEntry> aborted;  ///< ascending by `last`
  std::deque<PagePtr> tail;      ///< the newest pages, without a gap, up to `next`; maintained by TailCache
  std::uint64_t cleanings = 0;   ///< number of compactions since the start of the broker
  std::vector<Waiter*> waiters;  ///< the consumers that read this partition; not owned
};

/// The result of fetch().
struct Fetched {
  std::vector<PagePtr> pages;  ///< pages with visible records
  Offset next;                 ///< where to continue: the offset after all pages that were examined, visible or not
};

/// Reads about kFetchBytes of a partition from `offset` on. Takes pages from memory if they are there, else from disk.
/// Leaves out control batches. With `read_committed`, also leaves out aborted records and everything from the first
/// open transaction on. `next` equals `offset` only if the reader is at the end.
/// `lock` must hold the broker's mutex. The function unlocks it while it reads from disk and locks it again before it
/// returns.
[[nodiscard]] Fetched fetch(const Storage& storage, std::unique_lock<std::mutex>& lock, const PartitionLog& log,
                            Offset offset, bool read_committed);
/// How much one fetch reads, in bytes. A fetch may exceed this by one page.
inline constexpr std::size_t kFetchBytes = 1 << 20;

}  // namespace millrace::detail::embedded
