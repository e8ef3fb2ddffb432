// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/appends.hpp"

#include <algorithm>

namespace millrace::detail::embedded {

void TailCache::add(PartitionLog& log, PagePtr page) {
  bytes_ += page->bytes().size();
  log.tail.push_back(std::move(page));
  order_.push_back(&log);
  // The entry names the partition. The partition's oldest page is the one that was added with this entry.
  while (bytes_ > budget_ && order_.size() > 1) {
    PartitionLog& oldest = *order_.front();
    order_.pop_front();
    bytes_ -= oldest.tail.front()->bytes().size();
    oldest.tail.pop_front();
  }
}

void TailCache::remove_before(PartitionLog& log, Offset offset) {
  std::size_t removed = 0;
  while (!log.tail.empty() && log.tail.front()->last_offset() < offset) {
    bytes_ -= log.tail.front()->bytes().size();
    log.tail.pop_front();
    ++removed;
  }
  if (removed == 0) return;
  // The oldest entries of a partition in order_ belong to its oldest pages, so remove as many entries as pages.
  std::erase_if(order_, [&](const PartitionLog* entry) {
    if (entry != &log || removed == 0) return false;
    --removed;
    return true;
  });
}

void TailCache::remove(PartitionLog& log) {
  for (const PagePtr& page : log.tail) bytes_ -= page->bytes().size();
  log.tail.clear();
  std::erase(order_, &log);
}

Appends::~Appends() {
  // In reverse order, so that a partition with several batches ends at the base offset of its first one.
  for (auto staged = staged_.rbegin(); staged != staged_.rend(); ++staged) {
    staged->first->next = staged->second->base_offset();
  }
}

Offset Appends::add(PartitionLog& log, std::string batch) {
  // The offset is used at once, so that a second batch of the same partition gets the next ones.
  const Offset base = log.next;
  PagePtr page = Page::make(base, std::move(batch));
  changes_.put_batch(log.topic_id, log.partition(), base, page->bytes());
  log.next = page->last_offset() + 1;
  staged_.emplace_back(&log, std::move(page));
  return base;
}

void Appends::commit() {
  changes_.write();
  for (auto& [log, page] : staged_) tail_.add(*log, std::move(page));
  // Consumers are woken after all pages are visible.
  for (auto& [log, page] : staged_) {
    for (Waiter* waiter : log->waiters) waiter->signal();
  }
  staged_.clear();
}

}  // namespace millrace::detail::embedded
