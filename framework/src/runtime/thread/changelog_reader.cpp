// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/changelog_reader.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/logging.hpp"
#include "runtime/task/commit_metadata.hpp"
#include "runtime/task/error_policy.hpp"

namespace millrace::detail {
namespace {

/// Records per poll. Large batches make few, large writes to RocksDB.
constexpr std::size_t kBatchRecords = 10'000;

}  // namespace

std::vector<Verdict> ChangelogReader::check(std::span<const ProofOfPartition> proofs, Millis timeout) {
  if (proofs.empty()) return {};
  // The consumer gets another assignment. The next step assigns the restoring partitions again.
  assignment_changed_ = true;
  return check_proofs(proofs, *consumer_, admin_, timeout);
}

void ChangelogReader::refuse_losses(const StoreSet& stores, const std::map<TopicPartition, Watermarks>& held,
                                    const Start& start) {
  for (const StorePosition& store : stores.positions()) {
    const Watermarks& bounds = held.at(store.changelog());
    // A table is filled from its topic. A changelog with records was perhaps written by a member that was complete.
    if (store.from_source() || store.table_of() || bounds.high > 0) continue;
    const bool without_state = !store.next_offset() && start.logged.contains(store.store());
    const bool with_old_state = store.next_offset() > Offset() && start.state == LocalState::behind;
    if (!without_state && !with_old_state) continue;
    throw TaskFailure(
        "store '" + store.store() + "' of " + stores.owner() + " has lost records: its changelog " +
        store.changelog().str() + " was deleted and created again, and is empty. " +
        (without_state ? "There is no local state"
                       : "The local state is only at offset " + to_string(*store.next_offset()) +
                             " of the old changelog, and another member has processed input since") +
        ". If the member that had the task last still has its local state, start that member: it writes the changelog "
        "again. Otherwise process the input again from the beginning: reset the application (--reset)");
  }
}

void ChangelogReader::add(StoreSet& stores, const std::shared_ptr<TaskMetrics>& metrics, const Start& start,
                          Millis timeout) {
  const auto& processed = start.processed;
  // A source topic is restored only up to the committed offset, because later records will be processed as input.
  // Without a committed offset, no record was processed yet.
  const auto processed_of = [&](const TopicPartition& topic) {
    Watermarks bounds = admin_.watermarks(topic, timeout);
    const auto committed = processed.find(topic);
    bounds.high = std::clamp(committed == processed.end() ? 0 : committed->second.offset, bounds.low, bounds.high);
    return bounds;
  };
  // As processed_of(), but empty if the task has not processed a record yet. A committed offset alone is no proof: a
  // claim commits the offset at which the task begins, which may be the end of the topic. The partition time is set
  // only after a record was processed.
  const auto seen_of = [&](const TopicPartition& topic) {
    const auto committed = processed.find(topic);
    if (committed == processed.end()) return Watermarks{};
    const CommitMetadata metadata = decode_commit_metadata(committed->second.metadata);
    return metadata.partition_time == kNoTimestamp ? Watermarks{} : processed_of(topic);
  };
  std::map<TopicPartition, Watermarks> held;
  std::vector<std::optional<Offset>> before;
  for (const StorePosition& store : stores.positions()) {
    // The requests come first. If one throws, neither the stores nor restoring_ were changed.
    held.emplace(store.changelog(),
                 store.from_source() ? processed_of(store.changelog()) : admin_.watermarks(store.changelog(), timeout));
    if (store.table_of()) held.emplace(*store.table_of(), seen_of(*store.table_of()));
    before.push_back(store.next_offset());
  }
  const RestoreStart restore{start.made_anew, start.state == LocalState::complete};
  refuse_losses(stores, held, start);
  stores.begin_restore(held, restore);
  auto position_before = before.begin();
  for (StorePosition& store : stores.positions()) {
    const bool goes_on = *position_before++ == store.next_offset();
    const Watermarks bounds = held.at(store.changelog());
    const Watermarks topic = store.table_of() ? held.at(*store.table_of()) : Watermarks{};
    if (stores.fills(store)) {
      begin(stores, store, metrics, Way::fill, topic, start.write_present, bounds, start.sources);
      continue;
    }
    if (stores.rewrites(store)) {
      rewriting_.push_back({&stores, start.rewrite(store)});
      // Records that the new changelog has already: the store may have deleted their keys since.
      begin(stores, store, metrics, Way::take_back, bounds, start.write_present, Watermarks{}, start.sources);
      continue;
    }
    // A store that is new or was emptied needs its whole changelog, so nothing is taken back.
    const bool takes_back = start.tail == Tail::taken_back && goes_on && store.persistent() && !store.from_source();
    begin(stores, store, metrics, takes_back ? Way::take_back : Way::restore,
          {store.next_offset()->value(), bounds.high}, start.write_present, goes_on ? Watermarks{} : topic,
          start.sources);
  }
}

void ChangelogReader::begin(StoreSet& stores, StorePosition& store, const std::shared_ptr<TaskMetrics>& metrics,
                            Way way, Watermarks bounds, const WritePresent& write_present, Watermarks next,
                            const std::shared_ptr<SourceRestorer>& sources) {
  // The local data are up to date.
  if (bounds.low >= bounds.high) return;
  const Offset start(bounds.low);
  restoring_.emplace(way == Way::fill ? *store.table_of() : store.changelog(),
                     Restoring{.stores = &stores,
                               .store = &store,
                               .metrics = metrics,
                               .start = start,
                               .end = Offset(bounds.high),
                               .position = start,
                               .moved_at = clock_.monotonic_ms(),
                               .way = way,
                               .write_present = write_present,
                               .done_until = start,
                               .next = next,
                               .sources = sources,
                               .through_source = sources && ((way == Way::restore && sources->restores(store)) ||
                                                             (way == Way::fill && sources->fills(store))),
                               .batch = {}});
  assignment_changed_ = true;
  metrics->restore_remaining.add(Offset(bounds.high) - start);
}

void ChangelogReader::remove(const StoreSet& stores) {
  std::erase_if(rewriting_, [&](const Rewriting& one) { return one.stores == &stores; });
  assignment_changed_ |=
      std::erase_if(restoring_, [&](const auto& entry) { return entry.second.stores == &stores; }) > 0;
}

bool ChangelogReader::done(const StoreSet& stores) const {
  return std::ranges::none_of(restoring_, [&](const auto& entry) { return entry.second.stores == &stores; }) &&
         std::ranges::none_of(rewriting_, [&](const Rewriting& one) { return one.stores == &stores; });
}

void ChangelogReader::reassign() {
  std::vector<std::pair<TopicPartition, std::int64_t>> partitions;
  for (const auto& [partition, restoring] : restoring_) {
    if (!restoring.waits) partitions.emplace_back(partition, restoring.next_offset().value());
  }
  consumer_->assign(partitions);
  assignment_changed_ = false;
}

void ChangelogReader::step(Millis timeout) {
  end_waiting();
  // Assigning is delayed to here, so that several new tasks cause only one new assignment.
  if (assignment_changed_) reassign();
  std::erase_if(rewriting_, [](const Rewriting& one) { return !one.more(); });
  if (restoring_.empty()) return;
  consumer_->poll(records_, kBatchRecords, rewriting_.empty() ? timeout : Millis(0));
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
  // finish_caught_up() may have begun to read other partitions. They are not assigned yet, so they have no position.
  if (!assignment_changed_) warn_of_standstill();
}

void ChangelogReader::apply(Restoring& restoring) {
  const Offset before = restoring.next_offset();
  std::size_t records = restoring.batch.size();
  if (restoring.through_source) {
    std::vector<std::int64_t> offsets;
    for (const ConsumerRecord& record : restoring.batch) offsets.push_back(record.offset);
    apply_through_source(restoring);
    // Records that could not be decoded yet are read and counted again.
    std::erase_if(offsets, [&](std::int64_t offset) { return Offset(offset) >= restoring.next_offset(); });
    records = offsets.size();
  } else {
    apply_bytes(restoring);
  }
  restoring.batch.clear();
  restoring.metrics->restore_remaining.add(before - restoring.next_offset());
  if (restoring.way == Way::take_back) return;
  restoring.metrics->restored.add(records);
  restoring.metrics->client().restored.add(records);
  if (progress_) {
    progress_(restoring.store->store(), std::min(restoring.next_offset(), restoring.end) - restoring.start,
              restoring.end - restoring.start);
  }
}

void ChangelogReader::end_waiting() {
  const Timestamp now = clock_.monotonic_ms();
  for (auto& [partition, restoring] : restoring_) {
    if (!restoring.waits || restoring.retry->waits(now)) continue;
    restoring.waits = false;
    restoring.moved_at = now;
    assignment_changed_ = true;
  }
}

// The consumer has read records after the one that failed. They are read again with it.
void ChangelogReader::wait_for_retry(Restoring& restoring, const TaskRetry& failure) {
  if (!restoring.retry) restoring.retry.emplace();
  restoring.retry->failed(retries_, failure, clock_.monotonic_ms());
  restoring.waits = true;
  assignment_changed_ = true;
}

void ChangelogReader::apply_through_source(Restoring& restoring) {
  const LogProof proof = proof_of(restoring.batch.back());
  const Offset next = Offset(restoring.batch.back().offset) + 1;
  const Offset before = restoring.next_offset();
  // A streak ends when the record at its beginning was decoded.
  const auto end_streak = [&] {
    if (!restoring.retry || restoring.next_offset() == before) return;
    restoring.retry->worked(retries_, clock_.monotonic_ms());
    restoring.retry.reset();
  };
  restoring.found = true;
  if (restoring.way == Way::restore) {
    const auto retry = restoring.sources->restore(*restoring.store, std::exchange(restoring.batch, {}), {next, proof});
    end_streak();
    if (retry) wait_for_retry(restoring, *retry);
    return;
  }
  // The changelog gets the keys and timestamps that the processor wrote. They may differ from those of the topic.
  std::vector<RestoreRecord> changes;
  const auto filled = restoring.sources->fill(*restoring.store, std::exchange(restoring.batch, {}));
  changes.reserve(filled.changes.size());
  for (const auto& change : filled.changes) {
    changes.push_back({change.key, change.value, change.timestamp, change.headers ? &*change.headers : nullptr});
  }
  restoring.write_present(*restoring.store, changes);
  restoring.done_until = filled.next.value_or(next);
  end_streak();
  if (filled.retry) wait_for_retry(restoring, *filled.retry);
}

void ChangelogReader::apply_bytes(Restoring& restoring) {
  // The position moves even if all records of the batch were skipped.
  const Offset next = Offset(restoring.batch.back().offset) + 1;
  std::vector<RestoreRecord> batch;
  batch.reserve(restoring.batch.size());
  for (const ConsumerRecord& record : restoring.batch) {
    // A record without a key can only be in a source topic. A store has no such entry.
    if (record.key) batch.push_back({*record.key, record.value, record.timestamp, &record.headers});
  }
  restoring.found |= !batch.empty();
  if (restoring.way == Way::restore) {
    restoring.stores->restore(*restoring.store, batch, {next, proof_of(restoring.batch.back())});
    return;
  }
  if (restoring.way == Way::fill) restoring.stores->fill(*restoring.store, batch);
  restoring.write_present(*restoring.store, batch);
  restoring.done_until = next;
}

void ChangelogReader::finish_caught_up() {
  std::vector<Restoring> ended;
  for (auto it = restoring_.begin(); it != restoring_.end();) {
    Restoring& restoring = it->second;
    // A partition that waits is not assigned to the consumer, so it has no position.
    const auto position = restoring.waits ? std::nullopt : consumer_->position(it->first);
    // The last offsets before the end may be transaction markers or compacted records. poll() never returns them, but
    // the consumer's position passes them.
    const bool at_end = position && Offset(*position) >= restoring.end;
    if (restoring.next_offset() < restoring.end && !at_end) {
      ++it;
      continue;
    }
    if (restoring.way != Way::take_back && restoring.next_offset() < restoring.end && progress_) {
      // The listener must get a last call, in which both numbers are equal. No record has caused that call.
      progress_(restoring.store->store(), restoring.end - restoring.start, restoring.end - restoring.start);
    }
    restoring.metrics->restore_remaining.add(restoring.next_offset() - restoring.end);
    ended.push_back(std::move(restoring));
    // A new assignment would throw away what was fetched for the other partitions. So this partition is only paused.
    consumer_->pause({it->first});
    it = restoring_.erase(it);
  }
  for (const Restoring& one : ended) follow(one);
  // The last restore has ended: the next step assigns no partitions.
  if (restoring_.empty()) assignment_changed_ = true;
}

void ChangelogReader::follow(const Restoring& ended) {
  StorePosition& store = *ended.store;
  const std::string name = "store '" + store.store() + "' of " + ended.stores->owner();
  const Offset before(ended.next.low);
  switch (ended.way) {
    case Way::restore:
      if (!ended.found && ended.next.low < ended.next.high) {
        ended.stores->begin_filling(store, before);
        begin(*ended.stores, store, ended.metrics, Way::fill, ended.next, ended.write_present, {}, ended.sources);
      } else {
        ended.stores->finish_restore(store, ended.end);
      }
      return;
    case Way::take_back:
      log(LogLevel::info, name + ": changelog " + store.changelog().str() + " has records from offset " +
                              to_string(ended.start) + " to " + to_string(ended.end) +
                              " that are not in the store; the task wrote the values of the store again");
      return;
    case Way::fill:
      log(LogLevel::warn, name + " was filled from its topic " + store.table_of()->str() + ", from offset " +
                              to_string(ended.start) + " to " + to_string(ended.end) + ", because its changelog " +
                              store.changelog().str() + " lacked these records. Now the changelog has them too");
      // No record was written to the changelog, so no confirmed write will set the position. It is set here.
      if (!ended.found && ended.next.low >= ended.next.high) ended.stores->finish_restore(store, before);
      begin(*ended.stores, store, ended.metrics, Way::take_back, ended.next, ended.write_present, {}, ended.sources);
      return;
  }
}

void ChangelogReader::warn_of_standstill() {
  const Timestamp now = clock_.monotonic_ms();
  for (auto& [partition, restoring] : restoring_) {
    if (restoring.waits) continue;
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
