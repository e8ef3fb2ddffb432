#include "runtime/record_queues.hpp"

#include <algorithm>

namespace millrace::detail {

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
  for (const auto& queue : queues_) {
    if (!queue->records.empty()) {
      queue->idle_deadline.reset();
      any = true;
      continue;
    }
    if (max_idle_ms < 0) continue;
    if (!queue->caught_up) queue->caught_up = lag(queue->partition) == 0;
    if (!queue->caught_up) {
      queue->idle_deadline.reset();
      all_due = false;
      continue;
    }
    if (!queue->idle_deadline) queue->idle_deadline = now + max_idle_ms;
    if (now < *queue->idle_deadline) all_due = false;
  }
  return any && all_due;
}

RecordQueues::Queue* RecordQueues::next(FunctionRef<std::optional<Timestamp>(Queue&, const ConsumerRecord&)> extract) {
  Queue* best = nullptr;
  for (const auto& queue : queues_) {
    while (!queue->records.empty() && !queue->head_timestamp) {
      queue->head_timestamp = extract(*queue, queue->records.front());
      if (!queue->head_timestamp) {
        queue->consumed_since_commit = true;
        queue->records.pop_front();
      }
    }
    if (queue->records.empty()) continue;
    if (best == nullptr || *queue->head_timestamp < *best->head_timestamp) best = queue.get();
  }
  return best;
}

std::size_t RecordQueues::size() const {
  std::size_t total = 0;
  for (const auto& queue : queues_) total += queue->records.size();
  return total;
}

}  // namespace millrace::detail
