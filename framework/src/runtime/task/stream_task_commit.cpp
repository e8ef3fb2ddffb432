// SPDX-License-Identifier: Apache-2.0
// What a task commits, and how it goes on from a commit.
#include <algorithm>
#include <utility>

#include "millrace/common/logging.hpp"
#include "runtime/task/stream_task.hpp"

namespace millrace::detail {

void StreamTask::resume(const TopicPartition& partition, const CommitMetadata& metadata) {
  // Stream time is not committed. It is the largest partition time, so it is restored from the partitions.
  if (auto* queue = queues_.find(partition)) {
    queue->partition_time = std::max(queue->partition_time, metadata.partition_time);
    queue->resume(metadata.proof);
    stream_time_ = std::max(stream_time_, metadata.partition_time);
  }
  kept_times_.resume(metadata.processors);
}

void StreamTask::keep_time(const NodeBase& node, std::string name, Timestamp& time) {
  kept_times_.keep(std::move(name), node.name(), time);
  node_times_.push_back(&time);
}

Timestamp StreamTask::observed_time() const {
  Timestamp latest = stream_time_;
  for (const Timestamp* time : node_times_) latest = std::max(latest, *time);
  return latest;
}

void StreamTask::read_store_times() {
  for (const auto& [store, time] : store_set_.observed_times()) store_times_.at(store) = time;
  for (const std::string& store : stores_->logged()) logged_.at(store) = 1;
}

void StreamTask::prepare_commit() {
  doing(TaskRetry::Work::commit, [this] { flush_and_call_hooks(); });
}

void StreamTask::flush_and_call_hooks() {
  stores_->flush();
  for (NodeBase* node : commit_hooks_) {
    try {
      const NodeTimer::Stay stay(node_timer_.get(), *node);
      node->prepare_commit();
    } catch (...) {
      // Also in a commit hook, the handler may decide to skip the failure.
      processing_failed(*node);
    }
    // Nodes are in the order of the topology. What this node wrote into a cache must reach the nodes after it before
    // their hooks run.
    stores_->flush();
  }
}

std::map<TopicPartition, OffsetAndMetadata> StreamTask::committable_offsets(
    FunctionRef<std::optional<std::int64_t>(const TopicPartition&)> position, bool all) {
  if (running_) read_store_times();
  // If the times need several partitions, each partition carries a part of the times. Then no partition may be left
  // out.
  if (kept_times_.changed() || kept_times_.shares(queues_.queues().size()).shares.size() > 1) all = true;
  std::map<TopicPartition, OffsetAndMetadata> offsets;
  std::vector<std::pair<OffsetAndMetadata*, RecordQueues::Queue*>> committed_with;
  for (const auto& queue : queues_.queues()) {
    // A commit request for each idle partition would be a waste.
    if (!all && !queue->consumed_since_commit) continue;
    OffsetAndMetadata committed;
    if (!queue->records.empty()) {
      // Records in the queue are read but not processed, so the consumer's position is too far.
      committed.offset = queue->records.front().offset;
      committed.leader_epoch = queue->records.front().leader_epoch;
    } else {
      const auto next = position(queue->partition);
      if (!next) continue;
      committed.offset = *next;
    }
    const auto added = offsets.emplace(queue->partition, std::move(committed)).first;
    committed_with.emplace_back(&added->second, queue.get());
  }
  const auto [shares, left_out] = kept_times_.shares(committed_with.size());
  if (!left_out.empty()) tell_left_out(left_out, committed_with.size());
  for (std::size_t i = 0; i < committed_with.size(); ++i) {
    const auto& [committed, queue] = committed_with[i];
    // If there are fewer shares than partitions, several partitions carry the same share.
    committed->metadata =
        encode_commit_metadata({queue->partition_time, shares[i % shares.size()], claim_, claim_id_, queue->proof()});
  }
  return offsets;
}

void StreamTask::commit_stores(const std::map<TopicPartition, OffsetAndMetadata>& processed) {
  stores_->commit(processed, inputs_);
}

void StreamTask::tell_left_out(const std::vector<std::string>& owners, std::size_t partitions) {
  if (std::exchange(told_left_out_, true)) return;
  std::string names;
  for (const std::string& owner : owners) names += (names.empty() ? "" : ", ") + owner;
  log(LogLevel::warn,
      "task " + id_.str() + " cannot commit all times that its operators have seen: the offsets of its " +
          std::to_string(partitions) + " input partitions have room for " + std::to_string(kCommitMetadataBytes) +
          " bytes each (offset.metadata.max.bytes). After a restart, the following do not know the time and "
          "accept late records: " +
          names + ". Split the topology with repartition()");
}

void StreamTask::post_commit(const std::map<TopicPartition, OffsetAndMetadata>& committed) {
  // The stores write these offsets with their next commit.
  stores_->group_has(committed, inputs_);
  commit_requested_ = false;
  kept_times_.committed();
  for (const auto& queue : queues_.queues()) queue->consumed_since_commit = false;
  // Commits happen regularly, so they are a good time for summaries.
  metrics_->dropped.report();
}

void StreamTask::commit(FunctionRef<std::map<TopicPartition, OffsetAndMetadata>()> publish) {
  prepare_commit();
  const auto committed = publish();
  commit_stores(committed);
  post_commit(committed);
}

}  // namespace millrace::detail
