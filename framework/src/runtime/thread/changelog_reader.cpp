#include "runtime/thread/changelog_reader.hpp"

#include <algorithm>

#include "millrace/common/logging.hpp"

namespace millrace::detail {
namespace {

constexpr std::size_t kBatchRecords = 10'000;

}  // namespace

void ChangelogReader::add(StreamTask& task, Millis timeout) {
  std::vector<Watermarks> bounds;
  for (const TaskStores::Logged& logged : task.stores().logged()) {
    bounds.push_back(admin_.watermarks(logged.changelog, timeout));
  }
  auto bound = bounds.begin();
  for (TaskStores::Logged& logged : task.stores().logged()) {
    const auto [low, end] = *bound++;
    const std::int64_t high = logged.source_topic ? std::clamp(logged.processed, low, end) : end;
    if (logged.next_offset && (*logged.next_offset < low || *logged.next_offset > high)) {
      log(LogLevel::warn, "store '" + logged.store + "' of task " + task.task_id().str() + " is at offset " +
                              std::to_string(*logged.next_offset) + " of its changelog " + logged.changelog.str() +
                              ", which holds " + std::to_string(low) + " to " + std::to_string(high) +
                              ": it is restored from the beginning");
      task.stores().wipe(logged);
      logged.next_offset.reset();
    }
    const std::int64_t start = logged.next_offset.value_or(low);
    logged.next_offset = start;
    if (start >= high) continue;
    restoring_.emplace(logged.changelog, Restoring{&task, &logged, start, high, start, clock_.now(), {}});
    assignment_changed_ = true;
  }
}

void ChangelogReader::remove(const StreamTask& task) {
  assignment_changed_ |= std::erase_if(restoring_, [&](const auto& entry) { return entry.second.task == &task; }) > 0;
}

bool ChangelogReader::done(const StreamTask& task) const {
  return std::ranges::none_of(restoring_, [&](const auto& entry) { return entry.second.task == &task; });
}

void ChangelogReader::reassign() {
  std::vector<std::pair<TopicPartition, std::int64_t>> partitions;
  for (const auto& [partition, restoring] : restoring_)
    partitions.emplace_back(partition, *restoring.logged->next_offset);
  consumer_->assign(partitions);
  assignment_changed_ = false;
}

void ChangelogReader::step(Millis timeout) {
  if (assignment_changed_) reassign();
  if (restoring_.empty()) return;
  consumer_->poll(records_, kBatchRecords, timeout);
  for (ConsumerRecord& record : records_) {
    const auto found = restoring_.find({*record.topic, record.partition});
    // Records behind the end that was seen at the start are not this task's business: it writes them itself.
    if (found != restoring_.end() && record.offset < found->second.end) {
      found->second.batch.push_back(std::move(record));
    }
  }
  records_.clear();
  for (auto& [partition, restoring] : restoring_) {
    if (!restoring.batch.empty()) apply(restoring);
  }
  finish_caught_up();
  warn_of_standstill();
}

void ChangelogReader::apply(Restoring& restoring) {
  std::vector<RestoreRecord> batch;
  batch.reserve(restoring.batch.size());
  for (const ConsumerRecord& record : restoring.batch) {
    if (record.key) batch.push_back({*record.key, record.value, record.timestamp, &record.headers});
  }
  restoring.logged->restorable->restore(batch);
  restoring.logged->next_offset = restoring.batch.back().offset + 1;
  restored_ += batch.size();
  restoring.batch.clear();
  restoring.task->stores().checkpoint_restore();
  if (progress_) {
    progress_(restoring.logged->store, std::min(*restoring.logged->next_offset, restoring.end) - restoring.start,
              restoring.end - restoring.start);
  }
}

void ChangelogReader::finish_caught_up() {
  for (auto it = restoring_.begin(); it != restoring_.end();) {
    Restoring& restoring = it->second;
    // The last offsets before the end may be transaction markers, which are never returned.
    const auto position = consumer_->position(it->first);
    if (*restoring.logged->next_offset < restoring.end && (!position || *position < restoring.end)) {
      ++it;
      continue;
    }
    if (*restoring.logged->next_offset < restoring.end && progress_) {
      progress_(restoring.logged->store, restoring.end - restoring.start, restoring.end - restoring.start);
    }
    restoring.logged->next_offset = restoring.end;
    restoring.task->stores().checkpoint_restore();
    // The others go on with what was fetched for them; a new assignment would throw it away.
    consumer_->pause({it->first});
    it = restoring_.erase(it);
  }
  if (restoring_.empty()) assignment_changed_ = true;
}

void ChangelogReader::warn_of_standstill() {
  const Timestamp now = clock_.now();
  for (auto& [partition, restoring] : restoring_) {
    const auto position = consumer_->position(partition).value_or(restoring.position);
    if (position > restoring.position) {
      restoring.position = position;
      restoring.moved_at = now;
    }
    if (now - restoring.moved_at < patience_.count()) continue;
    restoring.moved_at = now;
    log(LogLevel::warn,
        "store '" + restoring.logged->store + "' of task " + restoring.task->task_id().str() +
            " waits to be restored: changelog " + partition.str() + " ends at offset " + std::to_string(restoring.end) +
            ", but nothing comes behind offset " + std::to_string(position) +
            ". Either the broker cannot be reached, or a transaction is open there. The broker ends it " +
            "after the writer's transaction.timeout.ms; one that stays open was forgotten by it: " +
            "kafka-transactions.sh finds and aborts it");
  }
}

}  // namespace millrace::detail
