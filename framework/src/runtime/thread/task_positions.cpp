// SPDX-License-Identifier: Apache-2.0
// Where a task starts: the committed offsets, the proofs of all positions, and the consumer's position.
#include <algorithm>
#include <utility>

#include "millrace/common/logging.hpp"
#include "runtime/task/commit_metadata.hpp"
#include "runtime/task/input_offsets.hpp"
#include "runtime/thread/shares.hpp"
#include "runtime/thread/task_manager.hpp"
#include "runtime/thread/unlogged_stores.hpp"

namespace millrace::detail {
namespace {

constexpr Millis kLongestAttempt{10'000};

}  // namespace

// The requests block the thread. So there are several short attempts, with rounds of the other tasks in between.
bool TaskManager::try_position(TaskId id, OwnedTask& owned) {
  using Group = Ownership::Group;
  if (!owned.claims.empty()) return false;
  if (owned.waits && owned.seen_descriptions == ownership_.descriptions()) return false;
  owned.seen_descriptions = ownership_.descriptions();
  if (ownership_.group() == Group::unknown || ownership_.group() == Group::stranger) {
    owned.waits = owned.reader_is_elsewhere = true;
    owned.assigned_at = environment_.task.clock.monotonic_ms();
    return false;
  }
  try {
    return position(id, owned, owned.attempt);
  } catch (const BrokerException& error) {
    // A transaction of the previous owner may block the answer until it ends. That is normal, up to `patience`.
    const bool in_time = environment_.task.clock.monotonic_ms() - owned.assigned_at < patience_.count();
    if (error.severity() != BrokerException::Severity::retriable || !in_time) throw;
    owned.attempt = std::min(2 * owned.attempt, kLongestAttempt);
    owned.waits = false;
    return false;
  }
}

bool TaskManager::position(TaskId id, OwnedTask& owned, Millis timeout) {
  auto committed = consumer_->committed(owned.inputs, timeout);
  const Proofs proofs = check_proofs_of(owned, committed, timeout);
  // As if it had no committed offset: the task claims it again, at the offset where reading begins.
  for (const TopicPartition& input : proofs.refuted_inputs) {
    const auto refuted = committed.extract(input);
    note_made_anew(owned, input, refuted.mapped());
  }
  const bool mine = !owned.claim_doubtful && has_claims(id, owned, committed);
  const Ownership::Opening opening = ownership_.opening(mine);
  owned.waits = opening == Ownership::Opening::wait;
  if (opening != Ownership::Opening::run) {
    // The previous owner of the partitions may have committed after this consumer began to read. Then the consumer must
    // go to the newer offsets.
    if (!committed.empty() || owned.waits) owned.reader_is_elsewhere = true;
    owned.assigned_at = environment_.task.clock.monotonic_ms();
    if (owned.waits) return false;
    look_for_lost_offsets(owned, committed, proofs);
    claim(id, owned, committed, timeout);
    return false;
  }
  owned.claim_id = decode_commit_metadata(committed.begin()->second.metadata).claim_id;
  owned.task->set_claim(owned.plan->tasks_of(id.subtopology).claim(), owned.claim_id);
  const bool from_own = finds_start(owned, committed);
  const LocalState state = local_state_of(owned);
  for (const TopicPartition& input : owned.inputs) {
    const OffsetAndMetadata& start = owned.start.processed.at(input);
    owned.task->resume(input, decode_commit_metadata(start.metadata));
    // Otherwise the consumer has started at the committed offset by itself.
    if (owned.reader_is_elsewhere || committed.at(input).offset != start.offset) go_to(owned, input, start.offset);
  }
  const auto write_present = [task = owned.task.get()](const StorePosition& position,
                                                       std::span<const RestoreRecord> records) {
    task->stores().write_present(position, records);
  };
  const auto rewrite = [task = owned.task.get()](const StorePosition& position) {
    return task->stores().rewrite(position, std::max<Timestamp>(task->stream_time(), 0));
  };
  const auto sources =
      std::make_shared<SourceRestorer>(id, environment_.task, owned.plan->tasks_of(id.subtopology).subtopology.nodes,
                                       *owned.stores, owned.lock ? owned.lock->path() : std::filesystem::path(),
                                       uncommitted_share(environment_.task.config, environment_.task.topology));
  using Tail = ChangelogReader::Tail;
  // Last: if an earlier request throws, the whole function is repeated, and the restore must not have begun.
  changelogs_->add(*owned.stores, metrics_.of_task(owned.task->task_id()),
                   {.processed = owned.start.processed,
                    .tail = from_own ? Tail::taken_back : Tail::applied,
                    .made_anew = proofs.refuted_logs,
                    .state = state,
                    .logged = logged_stores(owned),
                    .write_present = write_present,
                    .rewrite = rewrite,
                    .sources = sources},
                   timeout);
  // From here on the stores change, and belong to no input offset until they are restored.
  if (!from_own && state != LocalState::complete) owned.stores->forget_inputs();
  tell_of_emptied(*owned.stores, owned.start.processed);
  for (const auto& [input, offset] : committed) owned.committed[input] = offset.offset;
  owned.reader_is_elsewhere = false;
  owned.made_anew.clear();
  owned.moved_back.clear();
  return true;
}

LocalState TaskManager::local_state_of(const OwnedTask& owned) {
  const auto& own = owned.stores->inputs();
  const LocalState state = local_state(own, owned.inputs, owned.start.processed);
  // The claim id of the local state is another one after a change of the topology: the task of the new version has just
  // made its claim. A claim changes no offset. So the local state is as complete as it was before.
  const auto& from = owned.claimed_from;
  if (state == LocalState::complete || !from || from->claim_id != owned.claim_id) return state;
  const bool nothing_since = std::ranges::all_of(from->committed, [&](const auto& entry) {
    const auto now = owned.start.processed.find(entry.first);
    return now != owned.start.processed.end() && now->second.offset == entry.second.offset;
  });
  const bool complete = nothing_since && local_state(own, owned.inputs, from->committed) == LocalState::complete;
  return complete ? LocalState::complete : state;
}

// --- topics that were deleted and created again

std::set<std::string> TaskManager::logged_stores(const OwnedTask& owned) {
  std::set<std::string> logged;
  for (const auto& [input, offset] : owned.start.processed) {
    const CommitMetadata metadata = decode_commit_metadata(offset.metadata);
    for (const StorePosition& store : owned.stores->positions()) {
      if (metadata.processors.contains(StreamTask::logged_mark(store.store()))) logged.insert(store.store());
    }
  }
  return logged;
}

TaskManager::Proofs TaskManager::check_proofs_of(const OwnedTask& owned,
                                                 const std::map<TopicPartition, OffsetAndMetadata>& committed,
                                                 Millis timeout) {
  std::vector<ProofOfPartition> asked;
  const auto ask = [&](const TopicPartition& partition, const std::optional<LogProof>& proof) {
    if (proof) asked.emplace_back(partition, *proof);
  };
  for (const auto& [input, offset] : committed) ask(input, decode_commit_metadata(offset.metadata).proof);
  const std::size_t of_inputs = asked.size();
  for (const StorePosition& store : owned.stores->positions()) ask(store.changelog(), store.proof());
  const std::size_t of_stores = asked.size();
  for (const auto& [input, offset] : lost_offsets(owned.stores->inputs(), owned.inputs, committed)) {
    ask(input, decode_commit_metadata(offset.metadata).proof);
  }
  const auto verdicts = changelogs_->check(asked, timeout);
  Proofs proofs;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const TopicPartition& partition = asked[i].first;
    if (i >= of_stores) proofs.lost.emplace(partition, verdicts[i]);
    if (verdicts[i] != Verdict::refuted) continue;
    if (i < of_inputs) proofs.refuted_inputs.insert(partition);
    if (i >= of_inputs && i < of_stores) proofs.refuted_logs.insert(partition);
  }
  for (const TopicPartition& input : owned.moved_back) {
    const auto found = committed.find(input);
    // An offset without a proof, of an earlier version.
    if (found == committed.end() || decode_commit_metadata(found->second.metadata).proof) continue;
    if (consumer_->query_watermarks(input, timeout).high < found->second.offset) proofs.refuted_inputs.insert(input);
  }
  return proofs;
}

void TaskManager::note_made_anew(OwnedTask& owned, const TopicPartition& input, const OffsetAndMetadata& before) {
  owned.made_anew.insert_or_assign(input, before);
  // An offset of the old topic.
  owned.starts.erase(input);
  owned.reader_is_elsewhere = true;
}

void TaskManager::went_back(OwnedTask& owned, const RecordQueues::Queue& queue, std::int64_t offset) {
  owned.moved_back.insert(queue.partition);
  throw BrokerException(BrokerException::Severity::retriable,
                        queue.partition.str() + " was read up to offset " + std::to_string(queue.next_offset) +
                            " and now goes on at offset " + std::to_string(offset) +
                            ": the topic was deleted and created again, or has lost records");
}

/// Throws TaskFailure if the input would be counted twice.
void TaskManager::look_for_lost_offsets(OwnedTask& owned, const std::map<TopicPartition, OffsetAndMetadata>& committed,
                                        const Proofs& proofs) {
  for (const auto& [input, processed] : lost_offsets(owned.stores->inputs(), owned.inputs, committed)) {
    // A refuted offset is not lost.
    if (owned.made_anew.contains(input)) continue;
    const auto found = proofs.lost.find(input);
    const Verdict verdict = found == proofs.lost.end() ? Verdict::unknown : found->second;
    if (verdict == Verdict::refuted) {
      note_made_anew(owned, input, processed);
      continue;
    }
    if (verdict == Verdict::unknown) {
      const Watermarks bounds = consumer_->query_watermarks(input, owned.attempt);
      // Nothing that was processed can be read again.
      if (bounds.low >= processed.offset) continue;
      if (bounds.high < processed.offset) {
        note_made_anew(owned, input, processed);
        continue;
      }
    }
    const std::string& group = environment_.task.application_id;
    const std::string directory = owned.lock ? " in " + owned.lock->path().string() : std::string();
    throw TaskFailure("group '" + group + "' has lost its committed offset of " + input.str() +
                      ", but the local state of " + owned.stores->owner() + directory +
                      " includes the records before offset " + std::to_string(processed.offset) +
                      ". If they were processed again, they would count twice. A group loses its offsets if somebody "
                      "deletes them, or if the application was stopped for longer than offsets.retention.minutes. To "
                      "process all input again, reset the application: run it with --reset --execute, which also "
                      "deletes the local state. To keep the state, commit offset " +
                      std::to_string(processed.offset) + " of " + input.str() +
                      " for the group (kafka-consumer-groups.sh --reset-offsets)");
  }
}

// --- where a task starts

/// Sets owned.start. Returns true if it comes from the task's own database, false if it comes from `committed`.
bool TaskManager::finds_start(OwnedTask& owned, const std::map<TopicPartition, OffsetAndMetadata>& committed) const {
  StoreSet& stores = *owned.stores;
  const auto& own = stores.inputs();
  if (own) tell_of_other_input(stores, *own, committed);
  if (!exactly_once_ && own && goes_on_from_own(*own, owned.inputs, committed)) {
    owned.start.processed.clear();
    for (const TopicPartition& input : owned.inputs) {
      if (const auto found = own->processed.find(input); found != own->processed.end()) {
        owned.start.processed.insert(*found);
      }
    }
    owned.start.of_group = own->of_group;
    return true;
  }
  owned.start = {committed, {}};
  for (const auto& [input, next] : committed) owned.start.of_group[input] = next.offset;
  return false;
}

// --- positions

/// nullopt: the consumer starts there by itself.
std::optional<std::int64_t> TaskManager::start_without_commit(OwnedTask& owned, const TopicPartition& input,
                                                              Millis timeout) {
  const NodeSpec& source = owned.task->source_of(input.topic);
  AutoOffsetReset reset = source.offset_reset.value_or(default_reset_);
  // All records of a repartition topic are unprocessed input, whatever auto.offset.reset says.
  if (owned.plan->repartition_topics().contains(input.topic)) reset = AutoOffsetReset::earliest();
  switch (reset.strategy()) {
    case AutoOffsetReset::Strategy::none:
      // As in Kafka Streams, `none` means that a missing offset is an error for the user to solve.
      throw TaskFailure("source '" + source.name + "' has no committed offset on " + input.str() +
                        " and its reset policy is none: commit one, or choose earliest or latest");
    case AutoOffsetReset::Strategy::earliest:
      // The consumer's own policy is the same, so no request is needed.
      if (default_reset_ == AutoOffsetReset::earliest() && !owned.reader_is_elsewhere) return std::nullopt;
      return consumer_->query_watermarks(input, timeout).low;
    case AutoOffsetReset::Strategy::latest:
    case AutoOffsetReset::Strategy::by_duration: break;
  }
  // The end of the partition and the clock move on. So the first result is kept: after a failure, records that came in
  // between must not be skipped.
  const Watermarks bounds = consumer_->query_watermarks(input, timeout);
  const auto known = owned.starts.find(input);
  // The kept offset may have been deleted by retention in the meantime.
  if (known != owned.starts.end()) return std::max(known->second, bounds.low);
  std::int64_t start = bounds.high;
  if (reset.strategy() == AutoOffsetReset::Strategy::by_duration) {
    const Timestamp since = std::max<Timestamp>(0, environment_.task.clock.now() - reset.duration().count());
    // No record is as young as that: start at the end.
    start = consumer_->offset_for_time(input, since, timeout).value_or(start);
  }
  owned.starts.emplace(input, start);
  return start;
}

void TaskManager::go_to(OwnedTask& owned, const TopicPartition& input, std::int64_t offset) {
  consumer_->seek(input, offset);
  if (auto* queue = owned.task->queues().find(input)) {
    // The heap of the queues may still have an entry for this queue. RecordQueues::next() notices that.
    queue->records.clear();
    queue->head_timestamp.reset();
    queue->next_offset = offset;
  }
}

}  // namespace millrace::detail
