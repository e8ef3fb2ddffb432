#include "runtime/thread/changelog_reader.hpp"

#include <algorithm>

#include "millrace/common/logging.hpp"

namespace millrace::detail {
namespace {

/// Records per poll. Large batches make few, large writes to RocksDB.
constexpr std::size_t kBatchRecords = 10'000;

}  // namespace

void ChangelogReader::add(StoreSet& stores, const std::shared_ptr<TaskMetrics>& metrics,
                          const std::map<TopicPartition, OffsetAndMetadata>& processed, Millis timeout,
                          const TakeBack& take_back) {
  std::map<TopicPartition, Watermarks> held;
  for (const StorePosition& store : stores.positions()) {
    // The requests come first. If one throws, neither the stores nor restoring_ were changed.
    Watermarks bounds = admin_.watermarks(store.changelog(), timeout);
    if (store.from_source()) {
      // Without a committed offset, the whole topic is still input, and nothing is restored.
      const auto committed = processed.find(store.changelog());
      bounds.high = std::clamp(committed == processed.end() ? 0 : committed->second.offset, bounds.low, bounds.high);
    }
    held.emplace(store.changelog(), bounds);
  }
  std::vector<std::optional<Offset>> before;
  for (const StorePosition& store : stores.positions()) before.push_back(store.next_offset());
  stores.begin_restore(held);
  auto position_before = before.begin();
  for (StorePosition& store : stores.positions()) {
    // False for a store that is new or was emptied by begin_restore(): it needs its whole changelog.
    const bool keeps_data = *position_before++ == store.next_offset() && store.persistent() && !store.from_source();
    const Offset start = *store.next_offset();
    const Offset end(held.at(store.changelog()).high);
    // The local data are up to date.
    if (start >= end) continue;
    restoring_.emplace(store.changelog(), Restoring{&stores,
                                                    &store,
                                                    metrics,
                                                    start,
                                                    end,
                                                    start,
                                                    clock_.monotonic_ms(),
                                                    keeps_data ? take_back : TakeBack(),
                                                    start,
                                                    {}});
    assignment_changed_ = true;
    metrics->restore_remaining.add(end - start);
  }
}

void ChangelogReader::remove(const StoreSet& stores) {
  assignment_changed_ |=
      std::erase_if(restoring_, [&](const auto& entry) { return entry.second.stores == &stores; }) > 0;
}

bool ChangelogReader::done(const StoreSet& stores) const {
  return std::ranges::none_of(restoring_, [&](const auto& entry) { return entry.second.stores == &stores; });
}

void ChangelogReader::reassign() {
  std::vector<std::pair<TopicPartition, std::int64_t>> partitions;
  for (const auto& [partition, restoring] : restoring_) {
    partitions.emplace_back(partition, restoring.next_offset().value());
  }
  consumer_->assign(partitions);
  assignment_changed_ = false;
}

void ChangelogReader::step(Millis timeout) {
  // Assigning is delayed to here, so that several new tasks cause only one new assignment.
  if (assignment_changed_) reassign();
  if (restoring_.empty()) return;
  consumer_->poll(records_, kBatchRecords, timeout);
  for (ConsumerRecord& record : records_) {
    const auto found = restoring_.find({*record.topic, record.partition});
    // Records beyond `end` were written by this task itself after it was added. Its stores contain them already.
    if (found != restoring_.end() && Offset(record.offset) < found->second.end) {
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
    // A record without a key can only be in a source topic. A store has no such entry.
    if (record.key) batch.push_back({*record.key, record.value, record.timestamp, &record.headers});
  }
  const Offset before = restoring.next_offset();
  // The position moves even if all records of the batch were skipped.
  const Offset next = Offset(restoring.batch.back().offset) + 1;
  if (restoring.take_back) {
    restoring.take_back(*restoring.store, batch);
    restoring.taken_back_until = next;
    restoring.metrics->restore_remaining.add(before - next);
    restoring.batch.clear();
    return;
  }
  restoring.stores->restore(*restoring.store, batch, next);
  restoring.metrics->restore_remaining.add(before - restoring.next_offset());
  restoring.metrics->restored.add(batch.size());
  restoring.metrics->client().restored.add(batch.size());
  restoring.batch.clear();
  if (progress_) {
    progress_(restoring.store->store(), std::min(restoring.next_offset(), restoring.end) - restoring.start,
              restoring.end - restoring.start);
  }
}

void ChangelogReader::finish_caught_up() {
  for (auto it = restoring_.begin(); it != restoring_.end();) {
    Restoring& restoring = it->second;
    const auto position = consumer_->position(it->first);
    // The last offsets before the end may be transaction markers or compacted records. poll() never returns them, but
    // the consumer's position passes them.
    if (restoring.next_offset() < restoring.end && (!position || Offset(*position) < restoring.end)) {
      ++it;
      continue;
    }
    if (restoring.take_back) {
      log(LogLevel::info, "store '" + restoring.store->store() + "' of " + restoring.stores->owner() + ": changelog " +
                              it->first.str() + " has uncommitted records from offset " + to_string(restoring.start) +
                              " to " + to_string(restoring.end) +
                              "; the task wrote the values of its last commit again");
    } else if (restoring.next_offset() < restoring.end && progress_) {
      // The listener must get a last call, in which both numbers are equal. No record has caused that call.
      progress_(restoring.store->store(), restoring.end - restoring.start, restoring.end - restoring.start);
    }
    restoring.metrics->restore_remaining.add(restoring.next_offset() - restoring.end);
    if (!restoring.take_back) restoring.stores->finish_restore(*restoring.store, restoring.end);
    // A new assignment would throw away what was fetched for the other partitions. So this partition is only paused.
    consumer_->pause({it->first});
    it = restoring_.erase(it);
  }
  // The last restore has ended: the next step assigns no partitions.
  if (restoring_.empty()) assignment_changed_ = true;
}

void ChangelogReader::warn_of_standstill() {
  const Timestamp now = clock_.monotonic_ms();
  for (auto& [partition, restoring] : restoring_) {
    // The position also moves over markers and compacted records, which count as progress.
    const Offset position(consumer_->position(partition).value_or(restoring.position.value()));
    if (position > restoring.position) {
      restoring.position = position;
      restoring.moved_at = now;
    }
    if (now - restoring.moved_at < patience_.count()) continue;
    restoring.moved_at = now;
    log(LogLevel::warn,
        "store '" + restoring.store->store() + "' of " + restoring.stores->owner() +
            " waits to be restored: changelog " + partition.str() + " ends at offset " + to_string(restoring.end) +
            ", but reading stops at offset " + to_string(position) +
            ". Either the broker cannot be reached, or a transaction is open there. The broker aborts an open " +
            "transaction after the writer's transaction.timeout.ms. If it does not, find and abort the transaction " +
            "with kafka-transactions.sh");
  }
}

}  // namespace millrace::detail
