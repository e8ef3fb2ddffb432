// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/partition_log.hpp"

#include <algorithm>
#include <utility>

namespace millrace::detail::embedded {

void PartitionLog::load(const Storage& storage) {
  if (const auto stored = storage.get(format::partition_key(topic_id, partition()))) {
    entry = format::decode_partition(*stored);
  }
  // The last batch reaches up to the end of the log. Compaction keeps this true, see Compaction::rewrite().
  const PagePtr last = storage.last_batch(topic_id, partition());
  // The log start can be beyond the last batch: retention or delete_records() may have removed all batches.
  next = std::max(entry.log_start, last ? last->last_offset() + 1 : Offset());
  storage.for_each(format::aborted_prefix(topic_id, partition()), [this](std::string_view key, std::string_view value) {
    aborted.push_back(format::decode_aborted(key, value));
  });
}

void PartitionLog::take_over(PartitionLog& fresh) {
  // Aborted transactions are forgotten from the front. A reader that has the old batches must read again, see fetch().
  const bool forgotten =
      !aborted.empty() && (fresh.aborted.empty() || fresh.aborted.front().last != aborted.front().last);
  if (forgotten || fresh.entry.cleaned_to != entry.cleaned_to) ++cleanings;
  next = fresh.next;
  entry = fresh.entry;
  open = std::move(fresh.open);
  aborted = std::move(fresh.aborted);
}

Offset PartitionLog::last_stable() const {
  // Few transactions are open at the same time, so a search is cheap.
  Offset stable = next;
  for (const OpenTransaction& transaction : open) stable = std::min(stable, transaction.first);
  return stable;
}

bool PartitionLog::is_aborted(const Page& page) const {
  if (aborted.empty() || !page.is(format::kTransactional)) return false;
  // The transactions of one producer do not overlap. So the producer's first aborted transaction that ends after the
  // page decides: the page belongs to it, or comes before it and is not aborted.
  auto range = std::lower_bound(aborted.begin(), aborted.end(), page.base_offset(),
                                [](const auto& candidate, Offset offset) { return candidate.last < offset; });
  for (; range != aborted.end(); ++range) {
    if (range->producer_id == page.header().producer_id) return range->first <= page.base_offset();
  }
  return false;
}

void PartitionLog::stage_forget_aborted(Offset offset, Storage::Changes& changes) const {
  for (const format::AbortedEntry& range : aborted) {
    if (range.last < offset) changes.erase(format::aborted_key(topic_id, partition(), range.last));
  }
}

void PartitionLog::forget_aborted(Offset offset) {
  std::erase_if(aborted, [offset](const format::AbortedEntry& range) { return range.last < offset; });
}

Fetched fetch(const Storage& storage, std::unique_lock<std::mutex>& lock, const PartitionLog& log, Offset offset,
              bool read_committed) {
  Fetched fetched{.pages = {}, .next = offset};
  const Offset end = log.end(read_committed);
  if (offset >= end) return fetched;

  const auto take = [&](PagePtr page) {
    fetched.next = page->last_offset() + 1;
    if (page->is(format::kControl) || page->header().records == 0) return;
    if (read_committed && log.is_aborted(*page)) return;
    fetched.pages.push_back(std::move(page));
  };

  std::size_t bytes = 0;
  // The tail has no gaps, so it serves every offset from its first page on.
  if (!log.tail.empty() && log.tail.front()->base_offset() <= offset) {
    auto page = std::upper_bound(log.tail.begin(), log.tail.end(), offset,
                                 [](Offset wanted, const PagePtr& p) { return wanted < p->base_offset(); });
    for (--page; page != log.tail.end() && bytes < kFetchBytes && (*page)->base_offset() < end; ++page) {
      bytes += (*page)->bytes().size();
      take(*page);
    }
    return fetched;
  }

  std::vector<PagePtr> read;
  // From here to lock(), other threads may append, compact or delete. The checks below allow for that.
  const std::uint64_t cleanings = log.cleanings;
  lock.unlock();
  storage.read_batches(log.topic_id, log.partition(), offset, [&](PagePtr page) {
    if (page->base_offset() >= end) return false;
    bytes += page->bytes().size();
    read.push_back(std::move(page));
    return bytes < kFetchBytes;
  });
  lock.lock();
  // The partition was compacted while the disk was read. The log has forgotten which of the old batches were aborted,
  // so read again.
  if (log.cleanings != cleanings) return fetch(storage, lock, log, offset, read_committed);
  for (PagePtr& page : read) {
    // The log start may have moved while the disk was read.
    if (page->last_offset() >= log.entry.log_start) take(std::move(page));
  }
  // No page is left between `offset` and `end`: compaction or retention removed the rest. Move on, so that the reader
  // does not stay here forever.
  if (fetched.next == offset) fetched.next = std::min(end, std::max(offset, log.entry.log_start));
  if (read.empty()) fetched.next = end;
  return fetched;
}

}  // namespace millrace::detail::embedded
