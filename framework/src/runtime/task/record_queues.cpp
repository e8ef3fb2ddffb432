// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/record_queues.hpp"

#include <algorithm>

#include "millrace/common/detail/saturating.hpp"

namespace millrace::detail {

const std::optional<LogProof>& RecordQueues::Queue::proof() {
  // Computed only here, once per commit, because hashing each record would cost time.
  if (slots_[last_].topic != nullptr) proof_ = proof_of(slots_[last_]);
  // The memory of fetched records is freed only when nothing refers to one of them.
  for (ConsumerRecord& slot : slots_) slot = ConsumerRecord();
  return proof_;
}

RecordQueues::Queue& RecordQueues::add(TopicPartition partition, SourceNodeBase& source) {
  auto queue = std::make_unique<Queue>();
  queue->partition = std::move(partition);
  queue->source = &source;
  queues_.push_back(std::move(queue));
  return *queues_.back();
}

RecordQueues::Queue* RecordQueues::find(const TopicPartition& partition) {
  const auto found = std::ranges::find_if(queues_, [&](const auto& queue) { return queue->partition == partition; });
  return found == queues_.end() ? nullptr : found->get();
}

void RecordQueues::begin_round() {
  for (const auto& queue : queues_) queue->caught_up = false;
}

bool RecordQueues::ready(Timestamp now, std::int64_t max_idle_ms, Lag lag) {
  bool any = false;
  bool all_due = true;
  bool waited = false;
  for (const auto& queue : queues_) {
    if (!queue->records.empty()) {
      queue->idle_deadline.reset();
      any = true;
      continue;
    }
    // An empty queue does not matter: records are processed in the order in which they arrive.
    if (max_idle_ms < 0) continue;
    // Records may exist that were not fetched yet. Processing others first could process them out of order. So the time
    // of waiting does not count yet.
    if (!queue->caught_up) queue->caught_up = lag(queue->partition) == 0;
    if (!queue->caught_up) {
      queue->idle_deadline.reset();
      all_due = false;
      continue;
    }
    // The partition has no more records now. A producer may be slow, so it gets max_idle_ms from here on.
    if (!queue->idle_deadline) queue->idle_deadline = saturating_add(now, max_idle_ms);
    if (now < *queue->idle_deadline) all_due = false;
    waited = true;
  }
  // All queues were visited before this decision, because each of them has a deadline to set or to reset.
  if (!any || !all_due) return false;
  if (waited && enforced_ != nullptr) enforced_->add();
  return true;
}

bool RecordQueues::prepare_head(Queue& queue, Extract extract) {
  while (!queue.records.empty() && !queue.head_timestamp) {
    queue.head_timestamp = extract(queue, queue.records.front());
    if (!queue.head_timestamp) {
      // A dropped record is done. Its offset must be committed, or it would be read again.
      queue.consumed_since_commit = true;
      queue.done_until = queue.records.front().offset + 1;
      queue.records.pop_front();
    }
  }
  return !queue.records.empty();
}

void RecordQueues::offer_new_ones(Extract extract) {
  offered_.clear();
  for (const auto& queue : queues_) {
    if (!queue->waiting && prepare_head(*queue, extract)) offered_.push_back(queue.get());
  }
  // stable_sort allocates memory even for one element.
  if (offered_.size() > 1) std::ranges::stable_sort(offered_, {}, [](const Queue* queue) { return queue->arrival; });
  for (Queue* queue : offered_) {
    queue->waiting = true;
    heap_.offer({*queue->head_timestamp, queue});
  }
}

RecordQueues::Queue* RecordQueues::next(Extract extract) {
  // A single queue needs no heap. Another one may be added later, so this one is not in the heap then.
  if (queues_.size() == 1 && heap_.empty()) {
    return prepare_head(*queues_.front(), extract) ? queues_.front().get() : nullptr;
  }
  offer_new_ones(extract);
  while (!heap_.empty()) {
    const auto [timestamp, queue] = heap_.poll();
    queue->waiting = false;
    // The task may have cleared the queue since, because it was moved to another offset.
    if (!prepare_head(*queue, extract)) continue;
    if (*queue->head_timestamp == timestamp) return queue;
    // The queue was cleared and filled again, so its head has another timestamp. It goes back into the heap with that
    // one.
    queue->waiting = true;
    heap_.offer({*queue->head_timestamp, queue});
  }
  return nullptr;
}

std::size_t RecordQueues::size() const {
  std::size_t total = 0;
  for (const auto& queue : queues_) total += queue->records.size();
  return total;
}

}  // namespace millrace::detail
