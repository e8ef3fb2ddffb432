// SPDX-License-Identifier: Apache-2.0
// How StreamThread commits the work of its tasks.
#include <utility>

#include "millrace/common/logging.hpp"
#include "runtime/thread/stream_thread.hpp"

namespace millrace::detail {

Timestamp StreamThread::commit_at() const { return committer_.due_at(output_->transaction_since()); }

bool StreamThread::commit_due() const {
  if (now() >= commit_at() || tasks_->claiming()) return true;
  if (!retries_.empty() && retries_.wants_commit(now(), [this](TaskId task) { return stopped_at_retry(task); })) {
    return true;
  }
  Committer::Demand demand;
  // Reading these is cheap: no lock, no iteration over stores.
  for (StreamTask* task : tasks_->running()) {
    demand.requested |= task->commit_requested();
    demand.uncommitted_bytes += task->stores().uncommitted_bytes();
  }
  return committer_.asked_for(demand);
}

void StreamThread::commit_if_due() {
  if (!commit_due()) return;
  follow_group();
  if (membership_.lost()) return;
  const Timestamp start = now();
  const bool full = committer_.is_full(start);
  try {
    commit(full, Claims::included);
  } catch (const StrangersInGroup&) {
    throw;
  } catch (const BrokerException& error) {
    // The work itself is safe, and only the offsets are late. The next commit contains them.
    if (committer_.failed(start, now(), error.severity(), output_->dirty()) == Committer::Failure::fails) throw;
    log(LogLevel::info, names_.thread_name() + ": offsets will be committed later: " + error.what());
    return;
  }
  committer_.succeeded(now(), full);
  if (!retries_.empty()) {
    for (const StreamTask* task : tasks_->running()) {
      (void)retries_.worked(task->task_id(), TaskRetry::Work::commit, now());
    }
    retries_.committed(now(), [this](TaskId task) { return stopped_at_retry(task); });
  }
  // A new producer is needed to send batches again. Everything is committed, so a restart repeats no work.
  if (committer_.take_batches_back(now())) restart_tasks();
}

void StreamThread::commit(bool all_offsets, Claims claims) {
  const std::int64_t begin = metrics_.nanos();
  for (StreamTask* task : sound_tasks()) {
    const MeasuredStep step = measure(*task, SlowSteps::Kind::before_commit);
    task->prepare_commit();
  }
  // After prepare_commit(): hooks may change the metadata that goes with the offsets.
  auto offsets = offsets_to_commit(all_offsets);
  const bool work = !offsets.empty() || output_->dirty();
  const bool claiming = claims == Claims::included && tasks_->claiming();
  if (!work && !claiming) {
    // Nothing to tell the broker. But a processor may have written to a store without a changelog, for example in a
    // punctuation. These writes become durable without the broker.
    for (StreamTask* task : sound_tasks()) {
      if (!task->commit_requested() && task->stores().uncommitted_bytes() == 0) continue;
      task->commit_stores();
      task->post_commit();
    }
    return;
  }
  // The offsets show the broker which member commits, so it can refuse a former member. Punctuations send records
  // without moving an offset. So all offsets are committed again.
  if (exactly_once_ && work && offsets.empty()) offsets = offsets_to_commit(true);
  const ConsumerGroupMetadata group = membership_for_commit();
  // After membership_for_commit(): claims() drops the claims of earlier generations.
  if (claiming) offsets.merge(tasks_->claims());
  publish(offsets, group, claiming);
  tasks_->committed(offsets);
  for (StreamTask* task : sound_tasks()) task->post_commit(offsets);
  slow_steps_.committed();
  if (work) {
    slow_steps_.work_committed();
    metrics_.committed(begin);
  }
  if (environment_.committed) environment_.committed(offsets);
}

/// Makes durable what the tasks have sent and stored, and commits the offsets. The order of these steps is the
/// guarantee: offsets only after the records. A crash in between repeats records and loses none.
void StreamThread::publish(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                           const ConsumerGroupMetadata& group, bool with_claims) {
  if (exactly_once_) {
    if (!offsets.empty() || output_->dirty()) output_->commit_transaction(offsets, group, patience_);
    if (with_claims) tasks_->claimed();
    // After the transaction, because the stores must never be ahead of the committed offsets.
    for (StreamTask* task : sound_tasks()) task->commit_stores(offsets);
    return;
  }
  output_->flush(patience_);
  // Before the offsets, so that the stores always include the input before the group's offsets. If the stores are ahead
  // of the group after a crash, the task continues from the offsets in its database.
  for (StreamTask* task : sound_tasks()) task->commit_stores(offsets);
  if (offsets.empty()) return;
  if (with_claims) tasks_->claims_doubtful();
  consumer_->commit_sync(offsets);
  if (with_claims && group_.unmoved()) tasks_->claimed();
}

std::map<TopicPartition, OffsetAndMetadata> StreamThread::offsets_to_commit(bool all) const {
  std::map<TopicPartition, OffsetAndMetadata> offsets;
  for (StreamTask* task : sound_tasks()) {
    offsets.merge(task->committable_offsets(
        [this](const TopicPartition& partition) { return consumer_->position(partition); }, all));
  }
  return offsets;
}

}  // namespace millrace::detail
